//! Ids of tickets: the millisecond of their making, as 13 Crockford digits.
//!
//! Owns their form. Must not know which of them are taken: a store does.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 13;

/// A ticket's id, such as `00001KVZKSTJT`. Ids sort as they were made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id(u64);

/// A text that is no id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a ticket's id is 13 digits of 0-9 and A-Z without I, L, O and U, as in 00001KVZKSTJT")]
pub struct IdError;

impl Id {
    /// The id of a moment. Moments before 1970 are 1970.
    #[must_use]
    pub fn at(moment: Timestamp) -> Id {
        Id(u64::try_from(moment.as_millisecond()).unwrap_or(0))
    }

    /// The id that follows: for when this one is taken. The last is followed by itself.
    #[must_use]
    pub fn next(self) -> Id {
        Id(self.0.saturating_add(1))
    }

    /// When it was made, to the millisecond; nothing where no calendar reaches that far.
    #[must_use]
    pub fn moment(self) -> Option<Timestamp> {
        i64::try_from(self.0).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok())
    }

    /// Reads the one form that is written: exactly 13 digits, in capitals.
    #[must_use]
    pub fn read(text: &[u8]) -> Option<Id> {
        if text.len() != LENGTH {
            return None;
        }
        let mut value: u64 = 0;
        for byte in text {
            let digit = DIGITS.iter().position(|digit| digit == byte)?;
            value = value.checked_mul(32)?.checked_add(digit as u64)?;
        }
        Some(Id(value))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; LENGTH];
        let mut value = self.0;
        for place in text.iter_mut().rev() {
            *place = DIGITS.get((value % 32) as usize).copied().unwrap_or(b'0');
            value /= 32;
        }
        f.pad(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Id, IdError> {
        Id::read(text.as_bytes()).ok_or(IdError)
    }
}

impl TryFrom<String> for Id {
    type Error = IdError;

    fn try_from(text: String) -> Result<Id, IdError> {
        text.parse()
    }
}

impl From<Id> for String {
    fn from(id: Id) -> String {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn is_the_millisecond() {
        let id: Id = "00001KVZKSTJT".parse().unwrap();
        assert_eq!(id.moment().unwrap().to_string(), "2026-06-25T14:44:02.778Z");
        assert_eq!(Id::at(id.moment().unwrap()), id);
        assert_eq!(id.next().to_string(), "00001KVZKSTJV");
        assert_eq!(Id(u64::MAX).to_string().parse(), Ok(Id(u64::MAX)));
        assert_eq!(Id(u64::MAX).moment(), None);
    }

    #[test]
    fn nothing_else_is_one() {
        for text in
            ["", "00001KVZKSTJ", "00001KVZKSTJTT", "00001kvzkstjt", "00001KVZKSTJU", "../../../etcx", "ZZZZZZZZZZZZZ"]
        {
            assert_eq!(text.parse::<Id>(), Err(IdError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn is_read_as_written_and_sorts_as_made(a: u64, b: u64) {
            prop_assert_eq!(Id(a).to_string().parse(), Ok(Id(a)));
            prop_assert_eq!(a.cmp(&b), Id(a).to_string().cmp(&Id(b).to_string()));
        }
    }
}
