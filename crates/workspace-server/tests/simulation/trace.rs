//! All that happened, in order, as text.
//!
//! Owns the lines. Two runs of one seed have the same, down to the last byte; a hash of them tells
//! that cheaply, and the file of `YOI_SIM_TRACE` shows where they part.

use parking_lot::Mutex;
use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::io::{BufWriter, Write};
use std::sync::Arc;

#[derive(Clone)]
pub struct Trace(Arc<Mutex<Inner>>);

struct Inner {
    hash: DefaultHasher,
    lines: u64,
    file: Option<BufWriter<File>>,
}

impl Trace {
    pub fn new(file: Option<File>) -> Trace {
        Trace(Arc::new(Mutex::new(Inner { hash: DefaultHasher::new(), lines: 0, file: file.map(BufWriter::new) })))
    }

    /// Writes a line, with the time of the simulation.
    pub fn line(&self, who: &str, what: std::fmt::Arguments<'_>) {
        let at = turmoil::sim_elapsed().unwrap_or_default();
        self.raw(&format!("{:>9.3} {who}: {what}\n", at.as_secs_f64()));
    }

    pub fn raw(&self, line: &str) {
        let mut inner = self.0.lock();
        inner.hash.write(line.as_bytes());
        inner.lines += 1;
        if let Some(file) = &mut inner.file {
            file.write_all(line.as_bytes()).unwrap();
            file.flush().unwrap();
        }
    }

    /// How many lines there are, and their hash.
    pub fn sum(&self) -> (u64, u64) {
        let inner = self.0.lock();
        (inner.lines, inner.hash.finish())
    }
}
