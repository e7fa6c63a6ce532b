//! A recording with anything in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use worker_runtime::executor::replay::recording;

fuzz_target!(|bytes: &[u8]| {
    for (number, line) in bytes.split(|b| *b == b'\n').enumerate() {
        let _ = recording::read_header(line);
        let _ = recording::parse_line(line, number as u64 + 1);
    }
});
