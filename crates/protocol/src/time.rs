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
    /// The last moment of the year 9999, in milliseconds: later ones have no RFC 3339 form.
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
        let moment: jiff::Timestamp = s.parse().map_err(|_| TimestampError)?;
        let ms = moment.as_millisecond();
        if (0..=Self::MAX_MS).contains(&ms) { Ok(Timestamp(ms)) } else { Err(TimestampError) }
    }
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
        schemars::json_schema!({ "type": "string", "format": "date-time" })
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
        assert_eq!("yesterday".parse::<Timestamp>(), Err(TimestampError));
        assert_eq!("1969-12-31T23:59:59Z".parse::<Timestamp>(), Err(TimestampError));
        let last = Timestamp::from_millis(i64::MAX);
        assert_eq!(last.to_string().parse(), Ok(last));
    }
}
