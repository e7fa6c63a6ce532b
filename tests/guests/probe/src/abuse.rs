//! What no plugin should do.
//!
//! Owns the ways to misbehave that need no host. Must not be reached but by a step.

use crate::steps::{Refused, Step};
use serde_json::{Value, json};
use std::hint::black_box;
use yoi_plugin_pdk::clock;

pub fn spin(ms: Option<u64>) -> Result<Value, Refused> {
    match ms {
        None => {
            let mut turns = 0_u64;
            loop {
                turns = black_box(turns.wrapping_add(1));
            }
        }
        Some(ms) => {
            let began = clock::monotonic();
            let mut calls = 0_u64;
            while (clock::monotonic() - began).as_millis() < u128::from(ms) {
                calls += 1;
            }
            Ok(json!({ "calls": calls }))
        }
    }
}

/// Fills the stack: the frames are large, and used after the call, so that no compiler makes a loop of it.
pub fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 32]);
    let below = if black_box(true) { recurse(depth + 1) } else { 0 };
    below + black_box(&frame).iter().sum::<u64>()
}

pub fn allocate(kept: &mut Vec<Vec<u8>>, step: Step<'_>) -> Value {
    const PIECE: u64 = 1 << 20;
    let asked = step.number("bytes");
    let mut left = asked.unwrap_or(u64::MAX);
    while left > 0 {
        let piece = left.min(PIECE);
        kept.push(vec![1; piece as usize]);
        left -= piece;
    }
    let taken: usize = kept.iter().map(Vec::len).sum();
    if step.0.get("keep").is_none() {
        kept.clear();
    }
    json!({ "bytes": taken })
}

pub fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    panic!("the test asked for it");
}

pub fn garbage() -> String {
    "{\"ok\": [\u{0}\u{1}\u{7}\u{8}\u{1b}[2J\u{1b}]0;owned\u{7}\r\n\u{202e}\u{2066}\u{feff}\u{fffe}\u{10ffff}]"
        .to_owned()
}

/// A string that is none: the host must not take it for one.
pub fn invalid_utf8() -> String {
    // SAFETY: none. The string is never read here; it goes to the host as it is, which is the point.
    unsafe { String::from_utf8_unchecked(vec![b'a', 0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80]) }
}
