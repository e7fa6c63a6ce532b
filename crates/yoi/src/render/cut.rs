//! Long text, cut after so many lines and bytes, with a count of what is left out.
//!
//! Owns the counting; must not know whose text it is.

use super::TOOL_LINES;

/// How many bytes of a text that is cut are shown.
const BYTES: usize = 4000;

/// How much of a text may still be shown, and how much was not.
#[derive(Clone, Debug)]
pub struct Cut {
    lines: usize,
    bytes: usize,
    left_out_lines: usize,
    left_out_bytes: usize,
}

impl Default for Cut {
    fn default() -> Self {
        Cut { lines: TOOL_LINES, bytes: BYTES, left_out_lines: 0, left_out_bytes: 0 }
    }
}

impl Cut {
    /// The part of the next piece that may be shown.
    pub fn take<'a>(&mut self, piece: &'a str) -> &'a str {
        let mut shown = 0;
        for line in piece.split_inclusive('\n') {
            if self.lines == 0 || self.bytes == 0 {
                break;
            }
            let fits = protocol::floor_char_boundary(line, self.bytes);
            shown += fits;
            if fits < line.len() {
                self.bytes = 0;
                break;
            }
            self.bytes -= fits;
            if line.ends_with('\n') {
                self.lines -= 1;
            }
        }
        let (shown, rest) = piece.split_at(shown);
        self.left_out_bytes += rest.len();
        self.left_out_lines += rest.matches('\n').count();
        shown
    }

    /// How much was left out, in words; nothing where nothing was.
    pub fn words(&self) -> Option<String> {
        match (self.left_out_bytes, self.left_out_lines) {
            (0, _) => None,
            (bytes, 0) => Some(format!("… {bytes} more bytes")),
            (bytes, lines) => Some(format!("… {} more lines, {bytes} bytes", lines + 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_by_lines_and_bytes_however_it_comes() {
        let text: String = (0..30).map(|n| format!("line {n}\n")).collect();
        for size in [1, 3, 1000] {
            let (mut cut, mut shown) = (Cut::default(), String::new());
            for piece in text.as_bytes().chunks(size) {
                shown.push_str(cut.take(std::str::from_utf8(piece).unwrap()));
            }
            assert_eq!(shown.lines().count(), 20);
            assert_eq!(cut.left_out_bytes + shown.len(), text.len());
        }
        let long = "é".repeat(5000);
        let mut cut = Cut::default();
        assert_eq!(cut.take(&long).len(), BYTES);
        assert_eq!(cut.words().unwrap(), "… 6000 more bytes");
        assert_eq!(Cut::default().words(), None);
    }
}
