//! What a stream is asked for.
//!
//! Owns how the options become the query of each connection (`wire.md` §2).

use crate::query;
pub use protocol::{Coalesce, Mode, OnGap};
use reqwest::Url;

/// What becomes of a stream whose first connection cannot be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum First {
    /// It ends with the error: most often the URL is wrong.
    #[default]
    Fail,
    /// It is tried again, as after a loss.
    Retry,
}

/// How to follow a worker, or a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FollowOptions {
    /// Start after this event; with a snapshot where absent.
    pub cursor: Option<String>,
    /// What to send first. After a reconnect it is everything since, whatever the mode.
    pub mode: Mode,
    /// What to do with a cursor that cannot be resumed from.
    pub on_gap: OnGap,
    /// Whether deltas may be merged.
    pub coalesce: Coalesce,
    /// What becomes of the stream when the first connection cannot be made.
    pub first: First,
}

impl FollowOptions {
    /// Adds the query for a connection that goes on after `cursor`.
    pub(super) fn add_query(&self, url: &mut Url, cursor: Option<&str>) {
        let mode = match (self.mode, cursor) {
            // whoever was live before a loss wants what happened meanwhile
            (Mode::Live, Some(_)) => Mode::Replay,
            (mode, _) => mode,
        };
        query::add(url, cursor, mode, self.on_gap, self.coalesce);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(options: &FollowOptions, cursor: Option<&str>) -> Option<String> {
        let mut url = Url::parse("ws://h/").unwrap();
        options.add_query(&mut url, cursor);
        url.query().map(str::to_owned)
    }

    #[test]
    fn says_only_what_is_not_the_default() {
        let options = FollowOptions::default();
        assert_eq!(query(&options, None), None);
        assert_eq!(query(&options, Some("a_b-1")).as_deref(), Some("cursor=a_b-1"));
        let options = FollowOptions {
            mode: Mode::Live,
            on_gap: OnGap::Close,
            coalesce: Coalesce::Off,
            ..FollowOptions::default()
        };
        assert_eq!(query(&options, None).as_deref(), Some("mode=live&on_gap=close&coalesce=off"));
        assert_eq!(query(&options, Some("c")).as_deref(), Some("cursor=c&on_gap=close&coalesce=off"));
    }
}
