//! Cursors of a runtime, whichever they are.
//!
//! Owns the runtime's own key, as its store keeps it: whatever that opens is a cursor of the
//! runtime's, and no client of a backend may be sent it.

use event_log::{Cursor, Sealer};
use std::path::{Path, PathBuf};

/// What one runtime seals.
pub struct Sealed {
    sealer: Sealer,
    store: PathBuf,
}

impl Sealed {
    /// Of the runtime with this store; none where nothing was stored yet.
    pub fn of(store: &Path) -> Option<Sealed> {
        let text = std::fs::read_to_string(store.join("cursor.key")).ok()?;
        let (_, rest) = text.split_once("\"key\":\"")?;
        let mut key = [0; 32];
        for (byte, digits) in key.iter_mut().zip(rest.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
        }
        Some(Sealed { sealer: Sealer::new(key.into(), Vec::new()), store: store.to_owned() })
    }

    /// The cursors in a text.
    pub fn found_in<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = String> + 'a {
        let is_of_cursors = |b: &u8| b.is_ascii_alphanumeric() || b"_-".contains(b);
        let mut words: Vec<&[u8]> = text.split(move |b| !is_of_cursors(b)).collect();
        // a client's is longer; one with something stuck to it is not
        words.retain(|word| (Cursor::LEN..Cursor::LEN + 16).contains(&word.len()));
        words.sort_unstable();
        words.dedup();
        let workers = if words.is_empty() { Vec::new() } else { self.workers() };
        let windows = words.into_iter().flat_map(|word| word.windows(Cursor::LEN));
        windows.filter_map(move |window| {
            let cursor = std::str::from_utf8(window).ok()?;
            let opens = |worker: &String| self.sealer.open(worker.as_bytes(), cursor).is_ok();
            workers.iter().any(opens).then(|| cursor.to_owned())
        })
    }

    /// Those that the store has, or had.
    fn workers(&self) -> Vec<String> {
        let folders = std::fs::read_dir(self.store.join("workers"));
        let names = folders.into_iter().flatten().map(|folder| folder.unwrap().file_name());
        names.filter_map(|name| name.into_string().ok()).collect()
    }
}
