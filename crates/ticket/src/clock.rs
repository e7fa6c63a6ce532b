//! What time it is.
//!
//! Owns the one reading of the machine's clock.

use jiff::Timestamp;

/// Tells the time. Tests set it.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A moment as records have it: RFC 3339 in UTC, to the second.
pub(crate) fn written(moment: Timestamp) -> String {
    let whole = Timestamp::from_second(moment.as_second()).unwrap_or(moment);
    whole.to_string()
}

/// Reads a moment: RFC 3339, with any offset.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    let is_plausible = text.len() <= 40 && text.as_bytes().get(10).is_some_and(|b| matches!(b, b'T' | b't'));
    is_plausible.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_rfc_3339() {
        for (text, back) in [
            ("2026-06-25T14:44:02Z", Some("2026-06-25T14:44:02Z")),
            ("2026-06-25T14:44:02.778+02:00", Some("2026-06-25T12:44:02Z")),
            ("2026-06-25 14:44:02Z", None),
            ("2026-06-25T14:44:02", None),
            ("2026-06-25", None),
            ("2026-13-25T14:44:02Z", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(read(text).map(written).as_deref(), back, "{text}");
        }
    }
}
