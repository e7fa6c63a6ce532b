//! What a stream is asked for.
//!
//! Owns the query of the stream's URL (`wire.md` §2). The token is never in it.

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

/// How to follow a worker.
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
        let mut query: Vec<(&str, &str)> = Vec::new();
        if let Some(cursor) = cursor {
            query.push(("cursor", cursor));
        }
        match (self.mode, cursor) {
            (Mode::Auto, _) => query.push(("mode", "auto")),
            (Mode::Live, None) => query.push(("mode", "live")),
            // whoever was live before a loss wants what happened meanwhile
            (Mode::Live, Some(_)) | (Mode::Replay, _) => {}
        }
        if self.on_gap == OnGap::Close {
            query.push(("on_gap", "close"));
        }
        if self.coalesce == Coalesce::Off {
            query.push(("coalesce", "off"));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
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
