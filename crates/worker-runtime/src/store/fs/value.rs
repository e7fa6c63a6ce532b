//! How JSON of somebody else stands inside a line of ours, byte for byte.
//!
//! Owns the two forms: as it is, or, when it has line breaks between its tokens, as a JSON string
//! under a name that ends in `_text`. Must not look into the JSON.

use super::line::{Damage, Reader};
use std::borrow::Cow;

/// A value as it stands in a line.
pub(super) struct Written<'a> {
    bytes: Cow<'a, [u8]>,
    text: bool,
}

impl<'a> Written<'a> {
    /// `None` for bytes with line breaks that are no text.
    pub(super) fn of(value: &'a [u8]) -> Option<Self> {
        if !value.contains(&b'\n') {
            return Some(Written { bytes: Cow::Borrowed(value), text: false });
        }
        let text = std::str::from_utf8(value).ok()?;
        Some(Written { bytes: Cow::Owned(serde_json::to_vec(text).ok()?), text: true })
    }

    /// The bytes that [`Written::put`] writes after the name.
    pub(super) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    pub(super) fn put(&self, out: &mut Vec<u8>, name: &str) {
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(if self.text { b"_text\":" } else { b"\":" });
        out.extend_from_slice(&self.bytes);
    }
}

/// The form of a value that is about to be read.
#[derive(Clone, Copy)]
pub(super) enum Form {
    AsItIs,
    Text,
}

impl Form {
    /// Reads the name before a value.
    pub(super) fn named(reader: &mut Reader<'_>, name: &str) -> Result<Form, Damage> {
        reader.literal(b"\"")?;
        reader.literal(name.as_bytes())?;
        if reader.has(b"\":") {
            return Ok(Form::AsItIs);
        }
        reader.literal(b"_text\":")?;
        Ok(Form::Text)
    }

    /// What was written.
    pub(super) fn read(self, bytes: &[u8]) -> Result<Cow<'_, [u8]>, Damage> {
        match self {
            Form::AsItIs => Ok(Cow::Borrowed(bytes)),
            Form::Text => serde_json::from_slice::<String>(bytes)
                .map(|text| Cow::Owned(text.into_bytes()))
                .map_err(|_| Damage::Form),
        }
    }
}
