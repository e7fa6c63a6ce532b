//! The bounds of what tools answer.
//!
//! Owns how a long text is cut so that both its ends are seen, and what is said in between.

/// The most bytes of an answer that a model is given.
pub const ANSWER_BYTES: usize = 64 << 10;
/// The most bytes of a file that is read or edited.
pub const FILE_BYTES: u64 = 8 << 20;
/// The most bytes of one line that is shown.
pub const LINE_BYTES: usize = 2000;

/// A text that is kept within a bound while it grows: its beginning and its end.
#[derive(Debug)]
pub struct Kept {
    most: usize,
    head: Vec<u8>,
    tail: std::collections::VecDeque<u8>,
    omitted: u64,
}

impl Kept {
    /// Keeps at most `most` bytes.
    #[must_use]
    pub fn new(most: usize) -> Kept {
        Kept { most, head: Vec::new(), tail: std::collections::VecDeque::new(), omitted: 0 }
    }

    /// Takes more of it.
    pub fn push(&mut self, bytes: &[u8]) {
        let room = (self.most / 2).saturating_sub(self.head.len()).min(bytes.len());
        let (head, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        self.head.extend_from_slice(head);
        self.tail.extend(rest);
        let over = self.tail.len().saturating_sub(self.most - self.most / 2);
        self.omitted += over as u64;
        self.tail.drain(..over);
    }

    /// The text, with what was left out told where it was.
    #[must_use]
    pub fn into_text(self) -> String {
        let (head, tail) = (self.head, Vec::from(self.tail));
        if self.omitted == 0 {
            return String::from_utf8_lossy(&[head, tail].concat()).into_owned();
        }
        let (head, tail) = (String::from_utf8_lossy(&head), String::from_utf8_lossy(&tail));
        format!("{}\n[… {} bytes are left out here …]\n{}", head, self.omitted, tail)
    }
}

/// A whole text within the bound of an answer.
#[must_use]
pub fn cut(text: String) -> String {
    if text.len() <= ANSWER_BYTES {
        return text;
    }
    let mut kept = Kept::new(ANSWER_BYTES);
    kept.push(text.as_bytes());
    kept.into_text()
}

/// A line within its bound.
#[must_use]
pub fn line(text: &str) -> &str {
    text.get(..protocol::floor_char_boundary(text, LINE_BYTES)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_ends_are_kept_and_the_rest_is_counted(pieces in prop::collection::vec("[a-z]{0,9}", 0..20), most in 2usize..30) {
            let whole = pieces.concat();
            let mut kept = Kept::new(most);
            pieces.iter().for_each(|piece| kept.push(piece.as_bytes()));
            let said = kept.into_text();
            if whole.len() <= most {
                prop_assert_eq!(said, whole);
            } else {
                prop_assert!(said.starts_with(&whole[..most / 2]));
                prop_assert!(said.ends_with(&whole[whole.len() - (most - most / 2)..]));
                let told = format!("{} bytes are left out", whole.len() - most);
                prop_assert!(said.contains(&told));
            }
        }
    }
}
