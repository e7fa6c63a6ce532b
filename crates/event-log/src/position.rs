//! Positions in a log: sequence numbers, epochs, and the pair of both.
//!
//! Owns how they are compared and written as text. Must not know which positions are still good
//! (that is `lineage`) nor how one is sealed in a cursor (that is `cursor`).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The number of an event in its log: 1 for the first, then one more with each, without holes.
/// 0 names the place before the first event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The place before the first event.
    pub const ORIGIN: Seq = Seq(0);

    /// The number after this one.
    #[must_use]
    pub fn next(self) -> Seq {
        Seq(self.0.saturating_add(1))
    }

    /// The number before this one; the origin stays where it is.
    #[must_use]
    pub fn prev(self) -> Seq {
        Seq(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One unbroken promise of a log: within an epoch, what was handed out stays as it was.
///
/// A random number, written as 16 lower-case hexadecimal digits. [`Epoch::ORIGIN`] is the epoch of
/// the place before the first event and is never that of an event.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The epoch of [`Seq::ORIGIN`].
    pub const ORIGIN: Epoch = Epoch(0);
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Epoch({self})")
    }
}

/// The text is not 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an epoch is 16 lower-case hexadecimal digits")]
pub struct EpochParseError;

impl FromStr for Epoch {
    type Err = EpochParseError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let digits = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if s.len() != 16 || !s.bytes().all(digits) {
            return Err(EpochParseError);
        }
        u64::from_str_radix(s, 16).map(Epoch).map_err(|_| EpochParseError)
    }
}

impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Epoch {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let s = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        s.parse().map_err(serde::de::Error::custom)
    }
}

/// Where an event stands: the epoch in which it was made, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The epoch in which the event was made.
    pub epoch: Epoch,
    /// Its number in the log.
    pub seq: Seq,
}

impl Position {
    /// The place before the first event.
    pub const ORIGIN: Position = Position { epoch: Epoch::ORIGIN, seq: Seq::ORIGIN };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_stop_at_both_ends() {
        assert_eq!(Seq::ORIGIN.prev(), Seq::ORIGIN);
        assert_eq!(Seq::ORIGIN.next(), Seq(1));
        assert_eq!(Seq(u64::MAX).next(), Seq(u64::MAX));
    }

    #[test]
    fn an_epoch_is_sixteen_lower_case_digits() {
        assert_eq!("00000000000000ff".parse(), Ok(Epoch(255)));
        for wrong in ["", "ff", "00000000000000FF", "+0000000000000ff", "00000000000000ff0", "000000000000000é"] {
            assert_eq!(wrong.parse::<Epoch>(), Err(EpochParseError), "{wrong:?}");
        }
    }

    #[test]
    fn a_position_is_written_with_its_epoch_first() {
        let position = Position { epoch: Epoch(0xabc), seq: Seq(7) };
        assert_eq!(position.to_string(), "0000000000000abc:7");
        assert_eq!(serde_json::to_string(&position).unwrap(), r#"{"epoch":"0000000000000abc","seq":7}"#);
    }

    proptest! {
        #[test]
        fn an_epoch_survives_its_text(raw: u64) {
            let epoch = Epoch(raw);
            prop_assert_eq!(epoch.to_string().parse(), Ok(epoch));
            let json = serde_json::to_vec(&epoch).unwrap();
            prop_assert_eq!(serde_json::from_slice::<Epoch>(&json).unwrap(), epoch);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text: String) {
            let _ = text.parse::<Epoch>();
        }
    }
}
