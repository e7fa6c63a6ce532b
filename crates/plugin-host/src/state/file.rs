//! The form of a stored state.
//!
//! Owns the bytes: a line that names the form, a checksum, then keys and values with their lengths.
//! Must not take half a file for a whole one.

use super::Entries;

/// The first bytes of every file of this form.
const MAGIC: &[u8] = b"yoi plugin state 1\n";

/// What is stored is not a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored state is damaged, or of another version")]
pub(super) struct Damaged;

pub(super) fn encode(entries: &Entries) -> Vec<u8> {
    let mut body = Vec::new();
    for (key, value) in entries {
        for part in [key.as_bytes(), value] {
            body.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
            body.extend_from_slice(part);
        }
    }
    [MAGIC, &crc32fast::hash(&body).to_le_bytes(), &body].concat()
}

pub(super) fn decode(bytes: &[u8]) -> Result<Entries, Damaged> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(Damaged)?;
    let (sum, mut body) = rest.split_first_chunk::<4>().ok_or(Damaged)?;
    if crc32fast::hash(body) != u32::from_le_bytes(*sum) {
        return Err(Damaged);
    }
    let mut entries = Entries::new();
    while !body.is_empty() {
        let key = part(&mut body)?;
        let key = String::from_utf8(key.to_vec()).map_err(|_| Damaged)?;
        entries.insert(key, part(&mut body)?.to_vec());
    }
    Ok(entries)
}

fn part<'a>(body: &mut &'a [u8]) -> Result<&'a [u8], Damaged> {
    let (len, rest) = body.split_first_chunk::<4>().ok_or(Damaged)?;
    let len = usize::try_from(u32::from_le_bytes(*len)).map_err(|_| Damaged)?;
    let (part, rest) = rest.split_at_checked(len).ok_or(Damaged)?;
    *body = rest;
    Ok(part)
}
