//! Whether one of this console's streams works.
//!
//! Owns that state. It says nothing of runtimes or workers: a dead connection is no dead worker.

use crate::backend::{Failure, News};
use std::time::Duration;

/// How a stream of this console is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// It has brought nothing yet.
    #[default]
    Connecting,
    /// It works.
    Connected,
    /// It was lost and is made again.
    Lost {
        /// When, on the console's clock.
        retry_at: Duration,
        /// Why.
        reason: Box<Failure>,
    },
    /// It ended for good.
    Ended(Box<Failure>),
}

impl Connection {
    /// Takes note of what the stream says.
    pub fn hear<E>(&mut self, news: &News<E>, now: Duration) {
        *self = match news {
            News::Lost { reason, retry_in } => {
                Connection::Lost { retry_at: now.saturating_add(*retry_in), reason: reason.clone() }
            }
            News::Ended(failure) => Connection::Ended(failure.clone()),
            _ => Connection::Connected,
        };
    }

    /// Whether it works.
    pub fn is_up(&self) -> bool {
        matches!(self, Connection::Connected)
    }

    /// Seconds until it is tried again, rounded up; nothing where that is not waited for.
    pub fn wait(&self, now: Duration) -> Option<u64> {
        match self {
            Connection::Lost { retry_at, .. } => {
                let wait = retry_at.saturating_sub(now);
                Some(u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX))
            }
            _ => None,
        }
    }

    /// When the seconds that are waited change.
    pub fn next_second(&self, now: Duration) -> Option<Duration> {
        let Connection::Lost { retry_at, .. } = self else { return None };
        let after = Duration::from_secs(self.wait(now)?.checked_sub(1)?);
        Some(retry_at.saturating_sub(after).max(now + Duration::from_millis(1)))
    }

    /// In a few words.
    pub fn words(&self, now: Duration) -> String {
        match self {
            Connection::Connecting => "connecting…".to_owned(),
            Connection::Connected => "connected".to_owned(),
            Connection::Lost { .. } => match self.wait(now) {
                None | Some(0) => "reconnecting…".to_owned(),
                Some(seconds) => format!("reconnecting in {seconds} s"),
            },
            Connection::Ended(failure) => format!("ended: {}", failure.code),
        }
    }

    /// How bad it is, to tell the worse of two.
    pub fn severity(&self) -> u8 {
        match self {
            Connection::Connected => 0,
            Connection::Connecting => 1,
            Connection::Lost { .. } => 2,
            Connection::Ended(_) => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::story::failure;

    #[test]
    fn counts_down_second_by_second() {
        let mut connection = Connection::default();
        let ms = Duration::from_millis;
        connection.hear(&News::<()>::Lost { reason: Box::new(failure("gone")), retry_in: ms(2300) }, ms(1000));
        let mut now = ms(1000);
        let mut told = Vec::new();
        while let Some(next) = connection.next_second(now) {
            told.push((now.as_millis(), connection.words(now)));
            assert!(next > now);
            now = next;
        }
        let words = |seconds| format!("reconnecting in {seconds} s");
        assert_eq!(told, [(1000, words(3)), (1300, words(2)), (2300, words(1))]);
        assert_eq!((now, connection.words(now)), (ms(3300), "reconnecting…".to_owned()));
        connection.hear(&News::<()>::Back, now);
        assert!(connection.is_up() && connection.next_second(now).is_none());
    }
}
