//! A small key-value store of the plugin's own, which outlives it.
//!
//! Owns the host's store as Rust's types. Must not cache: other instances of the plugin write too.

use crate::bindings::host::state;
use std::fmt;

/// Why something was not read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The key is not as it has to be, and why.
    InvalidKey(String),
    /// The value is larger than this many bytes.
    ValueTooLarge(u64),
    /// The store would be larger than this many bytes.
    Full(u64),
    /// There would be more than this many keys.
    TooManyKeys(u32),
    /// The store could not be read or written.
    Unavailable,
    /// The value is not text.
    NotText,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::InvalidKey(why) => write!(f, "the key cannot be used: {why}"),
            Error::ValueTooLarge(most) => write!(f, "the value is larger than {most} bytes"),
            Error::Full(most) => write!(f, "the store would be larger than {most} bytes"),
            Error::TooManyKeys(most) => write!(f, "the store would have more than {most} keys"),
            Error::Unavailable => f.write_str("the store could not be read or written"),
            Error::NotText => f.write_str("the value is not text"),
        }
    }
}

impl std::error::Error for Error {}

impl From<state::StateError> for Error {
    fn from(error: state::StateError) -> Self {
        match error {
            state::StateError::InvalidKey(why) => Error::InvalidKey(why),
            state::StateError::ValueTooLarge(most) => Error::ValueTooLarge(most),
            state::StateError::Full(most) => Error::Full(most),
            state::StateError::TooManyKeys(most) => Error::TooManyKeys(most),
            state::StateError::Unavailable => Error::Unavailable,
        }
    }
}

/// The value of a key.
///
/// # Errors
/// If it could not be read.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
    Ok(state::get(key)?)
}

/// The value of a key, as text.
///
/// # Errors
/// If it could not be read, or is not text.
pub fn get_text(key: &str) -> Result<Option<String>, Error> {
    get(key)?.map(String::from_utf8).transpose().map_err(|_| Error::NotText)
}

/// Gives a key a value. Once this returns, it is on disk.
///
/// # Errors
/// If it could not be written; the old value stands.
pub fn set(key: &str, value: impl AsRef<[u8]>) -> Result<(), Error> {
    Ok(state::set(key, value.as_ref())?)
}

/// Takes a key away. Says whether it was there.
///
/// # Errors
/// If it could not be taken away.
pub fn delete(key: &str) -> Result<bool, Error> {
    Ok(state::delete(key)?)
}

/// The keys that begin with this, in the order of their bytes.
///
/// # Errors
/// If they could not be read.
pub fn keys(prefix: &str) -> Result<Vec<String>, Error> {
    Ok(state::keys(prefix)?)
}
