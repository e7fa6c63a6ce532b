//! WebSocket frames from a client, cut anywhere: the same frames are told however they are cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use observation::ws::Reader;

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, bytes) = input;
    let mut whole = Vec::new();
    Reader::default().read(bytes, |incoming| whole.push(incoming));
    let mut pieces = Vec::new();
    let mut reader = Reader::default();
    for piece in bytes.chunks(usize::from(cut).max(1)) {
        let mut last = false;
        reader.read(piece, |incoming| {
            use observation::ws::Incoming::{Ping, Pong};
            last = !matches!(incoming, Ping(_) | Pong);
            pieces.push(incoming);
        });
        if last {
            break;
        }
    }
    assert_eq!(whole, pieces);
});
