//! Copying by way of the terminal, which works over any number of hops.
//!
//! Owns the sequence (OSC 52) and its bound. Must not write it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The most bytes that are copied: what terminals commonly take.
pub const MOST_BYTES: usize = 54 << 10;

/// What makes the terminal put `text` into the clipboard.
pub fn sequence(text: &str) -> String {
    format!("\x1b]52;c;{}\x07", STANDARD.encode(text))
}

#[cfg(test)]
mod tests {
    #[test]
    fn is_osc_52() {
        assert_eq!(super::sequence("é\n"), "\x1b]52;c;w6kK\x07");
    }
}
