//! Identities: what a client addresses, in the one spelling that each of them has.
//!
//! Owns the forms of `worker_id`, `run_id`, `runtime_id` and `ticket_id` and refuses everything else. Must not
//! make ids up: that takes a clock and randomness, which whoever makes them passes in.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use ulid::Ulid;

/// Why a text is not an id, with what one looks like.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not a worker id.
    #[error("a worker id is `w_` and a ULID of 26 lower-case characters, such as w_01jd3v5k9m8q2r4t6w8y0a1c3e")]
    Worker,
    /// Not a run id.
    #[error("a run id is `r_` and a ULID of 26 lower-case characters, such as r_01jd3v5k9m8q2r4t6w8y0a1c3e")]
    Run,
    /// Not a runtime id.
    #[error("a runtime id is 1 to 64 characters of a-z, 0-9, '.', '_' and '-', the first a letter or digit")]
    Runtime,
    /// Not a ticket's id.
    #[error("a ticket's id is 13 digits of 0-9 and A-Z without I, L, O and U, such as 00001KVZKSTJT")]
    Ticket,
}

/// The 26 characters after the prefix, in lower case and within 128 bits.
fn parse_ulid(s: &str) -> Option<Ulid> {
    let lower = |b: u8| b.is_ascii_digit() || (b.is_ascii_lowercase() && !matches!(b, b'i' | b'l' | b'o' | b'u'));
    if s.len() != 26 || !s.bytes().all(lower) || s.as_bytes().first().is_none_or(|b| *b > b'7') {
        return None;
    }
    Ulid::from_string(&s.to_ascii_uppercase()).ok()
}

macro_rules! ulid_id {
    ($(#[doc = $doc:literal])* $name:ident, $prefix:literal, $error:expr, $pattern:literal) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// Makes an id from milliseconds since the Unix epoch (48 bits are used) and 80 bits
            /// of randomness. Ids made later sort later.
            #[must_use]
            pub fn from_parts(unix_ms: u64, random: u128) -> Self {
                $name(Ulid::from_parts(unix_ms, random).0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = Ulid(self.0).to_string();
                text.make_ascii_lowercase();
                write!(f, concat!($prefix, "{}"), text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(s: &str) -> Result<Self, IdError> {
                let ulid = s.strip_prefix($prefix).and_then(parse_ulid);
                ulid.map(|u| $name(u.0)).ok_or($error)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let s = Cow::<'de, str>::deserialize(d)?;
                s.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "codegen")]
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                false
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": concat!($($doc, "\n"),*).trim(),
                    "type": "string",
                    "pattern": $pattern,
                })
            }
        }
    };
}

ulid_id!(
    /// A worker, unique in its runtime: `w_` and a ULID of 26 lower-case characters.
    WorkerId, "w_", IdError::Worker, "^w_[0-7][0-9a-hjkmnp-tv-z]{25}$"
);
ulid_id!(
    /// One run of a worker: `r_` and a ULID of 26 lower-case characters.
    RunId, "r_", IdError::Run, "^r_[0-7][0-9a-hjkmnp-tv-z]{25}$"
);

/// A runtime, unique in its workspace: `[a-z0-9][a-z0-9._-]{0,63}`, from configuration.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RuntimeId(Box<str>);

impl RuntimeId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuntimeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RuntimeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RuntimeId {
    type Err = IdError;

    fn from_str(s: &str) -> Result<Self, IdError> {
        let alnum = |b: u8| b.is_ascii_digit() || b.is_ascii_lowercase();
        let rest = |b: u8| alnum(b) || matches!(b, b'.' | b'_' | b'-');
        let first = s.bytes().next().is_some_and(alnum);
        if !first || s.len() > 64 || !s.bytes().all(rest) {
            return Err(IdError::Runtime);
        }
        Ok(RuntimeId(s.into()))
    }
}

impl<'de> Deserialize<'de> for RuntimeId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let s = Cow::<'de, str>::deserialize(d)?;
        s.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "codegen")]
impl schemars::JsonSchema for RuntimeId {
    fn schema_name() -> Cow<'static, str> {
        "RuntimeId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A runtime, unique in its workspace; from configuration.",
            "type": "string",
            "pattern": "^[a-z0-9][a-z0-9._-]{0,63}$",
        })
    }
}

/// The most characters of a ticket's id.
const TICKET_DIGITS: usize = 13;

/// A ticket, unique in its workspace: the millisecond of its making, as 13 Crockford digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct TicketId(Box<str>);

impl TicketId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TicketId {
    type Err = IdError;

    fn from_str(s: &str) -> Result<Self, IdError> {
        let digit = |b: u8| b.is_ascii_digit() || (b.is_ascii_uppercase() && !matches!(b, b'I' | b'L' | b'O' | b'U'));
        // 65 bits fit into 13 digits, and there are 64
        let fits = s.bytes().next().is_some_and(|first| first <= b'F');
        if s.len() == TICKET_DIGITS && fits && s.bytes().all(digit) {
            Ok(TicketId(s.into()))
        } else {
            Err(IdError::Ticket)
        }
    }
}

impl<'de> Deserialize<'de> for TicketId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let s = Cow::<'de, str>::deserialize(d)?;
        s.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "codegen")]
impl schemars::JsonSchema for TicketId {
    fn schema_name() -> Cow<'static, str> {
        "TicketId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A ticket, unique in its workspace: the millisecond of its making, as 13 Crockford digits.",
            "type": "string",
            "pattern": "^[0-9A-F][0-9A-HJKMNP-TV-Z]{12}$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_spelling() {
        let id = WorkerId::from_parts(1_760_000_000_000, 7);
        let text = id.to_string();
        assert_eq!(text.parse::<WorkerId>(), Ok(id));
        assert_eq!(text.len(), 28);
        for bad in [
            text.to_uppercase(),
            text.replace("w_", "r_"),
            format!("{text}0"),
            "w_8zzzzzzzzzzzzzzzzzzzzzzzzz".into(),
            "w_0000000000000000000000000i".into(),
            String::new(),
        ] {
            assert_eq!(bad.parse::<WorkerId>(), Err(IdError::Worker), "{bad}");
        }
    }

    #[test]
    fn runtime_ids_are_bounded() {
        for good in ["a", "0", "build-box.2_x", &"a".repeat(64)] {
            assert_eq!(good.parse::<RuntimeId>().map(|id| id.to_string()), Ok(good.to_owned()));
        }
        for bad in ["", "-a", ".a", "A", "a/b", "a b", &"a".repeat(65)] {
            assert_eq!(bad.parse::<RuntimeId>(), Err(IdError::Runtime), "{bad}");
        }
    }

    #[test]
    fn ticket_ids_are_digits_and_nothing_else() {
        for good in ["00001KVZKSTJT", "0000000000000", "FZZZZZZZZZZZZ"] {
            assert_eq!(good.parse::<TicketId>().map(|id| id.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "..",
            "00001KVZKSTJ",
            "00001KVZKSTJTT",
            "00001kvzkstjt",
            "00001KVZKSTJU",
            "G000000000000",
            "../../../etcx",
        ] {
            assert_eq!(bad.parse::<TicketId>(), Err(IdError::Ticket), "{bad}");
        }
    }
}
