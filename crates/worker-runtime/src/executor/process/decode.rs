//! Text out of bytes that come in pieces.
//!
//! Owns the joining of characters that are split between two reads. Must not wait for more than
//! the rest of a character.

/// Decodes UTF-8 as it comes; what is not UTF-8 becomes U+FFFD.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// The beginning of a character.
    begun: Vec<u8>,
    /// Something was not UTF-8.
    invalid: bool,
}

impl Decoder {
    /// The text of `bytes` and of what came before them unfinished.
    pub(super) fn push(&mut self, bytes: &[u8]) -> String {
        let joined;
        let mut rest = if self.begun.is_empty() {
            bytes
        } else {
            self.begun.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.begun);
            &joined
        };
        let mut text = String::with_capacity(rest.len());
        loop {
            let error = match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    return text;
                }
                Err(error) => error,
            };
            let (valid, after) = rest.split_at(error.valid_up_to());
            text.push_str(&String::from_utf8_lossy(valid));
            let Some(length) = error.error_len() else {
                self.begun = after.to_vec();
                return text;
            };
            self.invalid = true;
            text.push(char::REPLACEMENT_CHARACTER);
            rest = after.get(length..).unwrap_or_default();
        }
    }

    /// The end: what is left of an unfinished character.
    pub(super) fn finish(&mut self) -> &'static str {
        if std::mem::take(&mut self.begun).is_empty() {
            return "";
        }
        self.invalid = true;
        "\u{FFFD}"
    }

    /// Whether anything was not UTF-8 since this was asked last.
    pub(super) fn take_invalid(&mut self) -> bool {
        std::mem::take(&mut self.invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            parts in prop::collection::vec(prop_oneof!["[aé漢🙂]{0,4}".prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..4)], 0..8),
            step in 1usize..7,
        ) {
            let bytes = parts.concat();
            let mut decoder = Decoder::default();
            let mut text: String = bytes.chunks(step).map(|piece| decoder.push(piece)).collect();
            text.push_str(decoder.finish());
            prop_assert_eq!(&text, &*String::from_utf8_lossy(&bytes));
            prop_assert_eq!(decoder.take_invalid(), std::str::from_utf8(&bytes).is_err());
        }
    }
}
