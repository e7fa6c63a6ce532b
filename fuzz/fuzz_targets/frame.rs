//! A frame from a server: it is refused, or read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::{AnyEvent, Frame};

fuzz_target!(|text: &str| {
    if let Ok(Frame::Event(frame)) = Frame::from_json(text) {
        let _ = AnyEvent::from_json(frame.event.get());
    }
});
