//! Where to go on after a connection was lost.
//!
//! Owns the session's id and the last sequence number seen. Must not know how a server words them.

/// What to greet the server with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting<'a> {
    /// As somebody new.
    Fresh,
    /// As the one who was there, and saw everything up to `seq`.
    Resume {
        /// The session's id.
        session: &'a str,
        /// The last sequence number seen.
        seq: u64,
    },
}

/// What a sequence number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It follows: use the message.
    New,
    /// It came before: leave the message out.
    Again,
    /// So many are missing before it. The message is new all the same.
    Gap(u64),
}

/// A session, and how much of it was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    session: Option<String>,
    seq: u64,
}

impl Resume {
    /// What was kept by [`Resume::to_text`]; anything else is as if nothing had been.
    #[must_use]
    pub fn from_text(text: &str) -> Resume {
        let read = || {
            let (seq, session) = text.split_once(' ')?;
            Some(Resume { session: Some(session.to_owned()).filter(|id| !id.is_empty()), seq: seq.parse().ok()? })
        };
        read().unwrap_or_default()
    }

    /// What to keep, so that the next instance can go on.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{} {}", self.seq, self.session.as_deref().unwrap_or_default())
    }

    /// What to greet the server with.
    #[must_use]
    pub fn greeting(&self) -> Greeting<'_> {
        match &self.session {
            Some(session) => Greeting::Resume { session, seq: self.seq },
            None => Greeting::Fresh,
        }
    }

    /// The server gave a new session, whose numbers begin after `seq`.
    pub fn welcomed(&mut self, session: &str, seq: u64) {
        *self = Resume { session: Some(session.to_owned()), seq };
    }

    /// The server does not know the session any more: the next greeting is a fresh one.
    pub fn forgotten(&mut self) {
        *self = Resume::default();
    }

    /// A message came with this number.
    #[must_use = "a message that came before is to be left out"]
    pub fn saw(&mut self, seq: u64) -> Seen {
        if seq <= self.seq {
            return Seen::Again;
        }
        let missing = seq - self.seq - 1;
        self.seq = seq;
        if missing == 0 { Seen::New } else { Seen::Gap(missing) }
    }

    /// The last number seen.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_goes_on_where_it_was() {
        let mut resume = Resume::default();
        assert_eq!(resume.greeting(), Greeting::Fresh);
        resume.welcomed("s1", 4);
        assert_eq!(
            [5, 5, 3, 6, 9].map(|seq| resume.saw(seq)),
            [Seen::New, Seen::Again, Seen::Again, Seen::New, Seen::Gap(2)]
        );
        assert_eq!(resume.greeting(), Greeting::Resume { session: "s1", seq: 9 });
        resume.forgotten();
        assert_eq!(resume.greeting(), Greeting::Fresh);
    }

    #[test]
    fn what_cannot_be_read_is_a_fresh_start() {
        for text in ["", " ", "x y", "-1 s", "1"] {
            assert_eq!(Resume::from_text(text).greeting(), Greeting::Fresh, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_read_back(session in ".{1,40}", seq: u64) {
            let mut resume = Resume::default();
            resume.welcomed(&session, seq);
            prop_assert_eq!(Resume::from_text(&resume.to_text()), resume);
        }
    }
}
