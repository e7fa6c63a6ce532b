//! What a client asks for when it connects.
//!
//! Owns the query parameters of a stream and their words when they do not parse. Must not decide
//! what a cursor is worth: the session does.

pub use protocol::{Coalesce, Mode, OnGap};
use protocol::{Code, Diagnostic};

/// What a client asks for when it connects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttachRequest {
    /// The last event it has.
    pub cursor: Option<String>,
    /// What to send first.
    pub mode: Mode,
    /// What to do with a cursor that cannot be resumed from.
    pub on_gap: OnGap,
    /// Whether deltas may be merged.
    pub coalesce: Coalesce,
    /// Why its cursor cannot be resumed from, where that is known already: it is not looked at then.
    /// Not part of a query.
    pub because: Option<Diagnostic>,
}

impl AttachRequest {
    /// Reads the query of a stream's URL (`application/x-www-form-urlencoded`). Parameters that
    /// it does not know are left to others.
    ///
    /// # Errors
    /// `bad_request` that names the parameter and what it takes.
    pub fn from_query(query: &str) -> Result<AttachRequest, Diagnostic> {
        let mut request = AttachRequest::default();
        let mut seen = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !["cursor", "mode", "on_gap", "coalesce"].contains(&&*name) {
                continue;
            }
            if seen.contains(&name) {
                return Err(bad(&name, "may be given once"));
            }
            match (&*name, &*value) {
                ("cursor", "") => {}
                ("cursor", cursor) => request.cursor = Some(cursor.to_owned()),
                ("mode", word) => {
                    request.mode = Mode::from_word(word).ok_or_else(|| bad(&name, "takes replay, auto or live"))?;
                }
                ("on_gap", word) => {
                    request.on_gap = OnGap::from_word(word).ok_or_else(|| bad(&name, "takes snapshot or close"))?;
                }
                (_, word) => {
                    request.coalesce =
                        Coalesce::from_word(word).ok_or_else(|| bad(&name, "takes on, bursts or off"))?;
                }
            }
            seen.push(name);
        }
        Ok(request)
    }
}

fn bad(name: &str, what: &str) -> Diagnostic {
    Diagnostic::new(Code::BadRequest, format!("the query parameter `{name}` {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_parameter_and_leaves_others() {
        let read = AttachRequest::from_query("cursor=a%2Db&mode=auto&on_gap=close&coalesce=off&access=x");
        let want = AttachRequest {
            cursor: Some("a-b".into()),
            mode: Mode::Auto,
            on_gap: OnGap::Close,
            coalesce: Coalesce::Off,
            because: None,
        };
        assert_eq!(read, Ok(want));
        assert_eq!(AttachRequest::from_query("cursor="), Ok(AttachRequest::default()));
    }

    #[test]
    fn says_what_a_parameter_takes() {
        for (query, word) in [
            ("mode=fast", "replay, auto or live"),
            ("on_gap=", "snapshot or close"),
            ("coalesce=1", "on, bursts or off"),
            ("cursor=a&cursor=b", "once"),
        ] {
            let diagnostic = AttachRequest::from_query(query).unwrap_err();
            assert_eq!(diagnostic.code, Code::BadRequest);
            assert!(diagnostic.message.contains(word), "{}", diagnostic.message);
        }
    }
}
