//! Moments on the wire: RFC 3339 in UTC with milliseconds.
//!
//! Owns the one spelling; must not read a clock.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A moment, in milliseconds since the Unix epoch, written as RFC 3339 in UTC with three digits
/// of a second: `2026-11-21T05:54:00.123Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is not a moment in the form of RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time is written as in RFC 3339, such as 2026-11-21T05:54:00.123Z")]
pub struct TimestampError;

impl Timestamp {
    /// The last moment that every zone can write with a year of four digits, in milliseconds:
    /// 9999-12-30T21:59:59.999Z.
    const MAX_MS: i64 = 253_402_207_199_999;

    /// A moment by its milliseconds since the Unix epoch; kept within the years 1970 to 9999.
    #[must_use]
    pub fn from_millis(ms: i64) -> Self {
        Timestamp(ms.clamp(0, Self::MAX_MS))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        write!(f, "{moment:.3}")
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(s: &str) -> Result<Self, TimestampError> {
        if !has_rfc3339_form(s) {
            return Err(TimestampError);
        }
        let moment: jiff::Timestamp = s.parse().map_err(|_| TimestampError)?;
        let ms = moment.as_millisecond();
        if moment.as_nanosecond() >= 0 && ms <= Self::MAX_MS { Ok(Timestamp(ms)) } else { Err(TimestampError) }
    }
}

/// Whether the text is a `date-time` of RFC 3339 §5.6 by its form: the parser behind it takes
/// more, such as a space for the `T` and a zone's name.
fn has_rfc3339_form(s: &str) -> bool {
    fn rest<'a>(s: &'a [u8], form: &[u8]) -> Option<&'a [u8]> {
        let (head, rest) = s.split_at_checked(form.len())?;
        let fits = |(b, f): (&u8, &u8)| {
            if *f == b'0' { b.is_ascii_digit() } else { b.eq_ignore_ascii_case(f) }
        };
        head.iter().zip(form).all(fits).then_some(rest)
    }
    let Some(mut zone) = rest(s.as_bytes(), b"0000-00-00T00:00:00") else {
        return false;
    };
    if let Some(fraction) = rest(zone, b".0") {
        let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
        zone = fraction.get(digits..).unwrap_or_default();
    }
    [b"Z".as_slice(), b"+00:00", b"-00:00"].iter().any(|form| rest(zone, form).is_some_and(<[u8]>::is_empty))
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let s = Cow::<'de, str>::deserialize(d)?;
        s.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "codegen")]
impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A moment: RFC 3339 in UTC with milliseconds, such as `2026-11-21T05:54:00.123Z`.",
            "type": "string",
            "format": "date-time",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_three_digits_and_one_zone() {
        for (ms, text) in [(0, "1970-01-01T00:00:00.000Z"), (1_763_704_440_120, "2025-11-21T05:54:00.120Z")] {
            assert_eq!(Timestamp::from_millis(ms).to_string(), text);
            assert_eq!(text.parse(), Ok(Timestamp(ms)));
        }
        assert_eq!("2025-11-21T06:54:00.12+01:00".parse(), Ok(Timestamp(1_763_704_440_120)));
        for bad in [
            "yesterday",
            "",
            "1969-12-31T23:59:59Z",
            "1969-12-31T23:59:59.9999Z",
            "2025-11-21T05:54:00",
            "2025-11-21 05:54:00Z",
            "2025-11-21T05:54:00,5Z",
            "2025-11-21T05:54:00.Z",
            "2025-11-21T05:54:00Z[UTC]",
            "2025-02-30T05:54:00Z",
            "+002025-11-21T05:54:00Z",
        ] {
            assert_eq!(bad.parse::<Timestamp>(), Err(TimestampError), "{bad}");
        }
        let last = Timestamp::from_millis(i64::MAX);
        assert_eq!(last.to_string().parse(), Ok(last));
    }
}
