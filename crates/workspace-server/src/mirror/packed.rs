//! A runtime's cursor in few bytes.
//!
//! Owns the packing: six bits a character, the length told apart. Must not know what a cursor
//! means.

use crate::handle::RuntimeCursor;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// The most bytes: 73 characters of six bits, and one byte that tells their number modulo four.
pub(super) const MAX_PACKED: usize = 1 + (RuntimeCursor::MAX * 6).div_ceil(8);

/// A runtime's cursor in few bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Packed {
    len: u8,
    bytes: [u8; MAX_PACKED],
}

impl Packed {
    pub fn new(cursor: &RuntimeCursor) -> Packed {
        let text = cursor.as_str().as_bytes();
        let mut bytes = [0; MAX_PACKED];
        let mut out = bytes.iter_mut();
        let mut len = 0u8;
        let mut put = |byte: u8| {
            if let Some(place) = out.next() {
                *place = byte;
                len += 1;
            }
        };
        put((text.len() % 4) as u8);
        let (mut bits, mut held) = (0u32, 0u32);
        for digit in text.iter().map(|b| digit_of(*b)) {
            bits = (bits << 6) | u32::from(digit);
            held += 6;
            if held >= 8 {
                held -= 8;
                put((bits >> held) as u8);
                bits &= (1 << held) - 1;
            }
        }
        if held > 0 {
            put((bits << (8 - held)) as u8);
        }
        Packed { len, bytes }
    }

    /// The same by its bytes; `None` where they are not one's.
    pub fn from_bytes(bytes: &[u8]) -> Option<Packed> {
        let mut packed = Packed { len: u8::try_from(bytes.len()).ok()?, bytes: [0; MAX_PACKED] };
        packed.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        // one cursor has one form
        (Packed::new(&packed.cursor()?) == packed).then_some(packed)
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// The cursor.
    pub fn cursor(&self) -> Option<RuntimeCursor> {
        let (rest, digits) = self.as_bytes().split_first()?;
        let most = digits.len() * 8 / 6;
        let chars = (most.saturating_sub(3)..=most).rev().find(|n| n % 4 == usize::from(*rest))?;
        let mut text = String::with_capacity(chars);
        let (mut bits, mut held) = (0u32, 0u32);
        let mut bytes = digits.iter();
        while text.len() < chars {
            if held < 6 {
                bits = (bits << 8) | u32::from(*bytes.next()?);
                held += 8;
            }
            held -= 6;
            text.push(char::from(*ALPHABET.get((bits >> held) as usize & 0x3f)?));
            bits &= (1 << held) - 1;
        }
        RuntimeCursor::new(&text).ok()
    }
}

fn digit_of(b: u8) -> u8 {
    match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'-' => 62,
        _ => 63,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_cursor_comes_back(text in "[A-Za-z0-9_-]{1,73}") {
            let cursor = RuntimeCursor::new(&text).unwrap();
            let packed = Packed::new(&cursor);
            prop_assert_eq!(packed.cursor(), Some(cursor));
            prop_assert!(packed.as_bytes().len() <= MAX_PACKED);
            let again = Packed::from_bytes(packed.as_bytes());
            prop_assert!(again == Some(packed));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Some(packed) = Packed::from_bytes(&bytes) {
                prop_assert_eq!(packed.as_bytes(), &bytes[..]);
                prop_assert!(packed.cursor().is_some());
            }
        }
    }

    #[test]
    fn the_longest_fits_what_a_client_s_cursor_has_room_for() {
        const { assert!(MAX_PACKED <= event_log::Sealer::MAX_PAYLOAD) };
    }
}
