//! A cursor from a client: any text is refused or names a position that seals to the same text.
#![no_main]

use event_log::{CursorKey, Sealer};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static SEALER: LazyLock<Sealer> =
    LazyLock::new(|| Sealer::new(CursorKey::from([3; 32]), vec![CursorKey::from([4; 32])]));

fuzz_target!(|text: &str| {
    if let Ok(position) = SEALER.open(b"worker", text) {
        assert_eq!(SEALER.seal(b"worker", position).as_str(), text, "a cursor has one spelling");
    }
});
