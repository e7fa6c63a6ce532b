//! A store's files with anything in them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use worker_runtime::store::fs::{segment, single, transcript};

fuzz_target!(|bytes: &[u8]| {
    let _ = segment::scan(bytes);
    let _ = segment::scan_lines(bytes, 0, event_log::Seq(1));
    for line in bytes.split(|b| *b == b'\n') {
        let _ = segment::decode_line(line);
        let _ = segment::decode_header(line);
        let _ = transcript::decode_line(line);
        let _ = single::decode_record(line);
        let _ = single::decode_checkpoint(line);
    }
});
