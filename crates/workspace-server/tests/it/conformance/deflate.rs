//! Compressed messages (RFC 7692): they hold the same.

use crate::support::{Got, World, read_frame, soon};
use flate2::{Decompress, FlushDecompress};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A socket that has agreed on `permessage-deflate` without context takeover.
struct Compressed {
    stream: TcpStream,
    compressed: usize,
    plain: usize,
}

impl Compressed {
    async fn connect(address: SocketAddr, path: &str) -> Compressed {
        let mut stream = soon(TcpStream::connect(address)).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(stream.read_u8()).await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 101"), "{head}");
        assert!(head.contains("permessage-deflate; server_no_context_takeover; client_no_context_takeover"), "{head}");
        Compressed { stream, compressed: 0, plain: 0 }
    }

    /// The next frame of the stream.
    async fn next(&mut self) -> Got {
        loop {
            let mut head = [0; 2];
            soon(self.stream.read_exact(&mut head)).await.unwrap();
            assert_eq!(head[0] & 0b1011_0000, 0b1000_0000, "not a whole message: {head:?}");
            assert_eq!(head[1] & 0x80, 0, "a server masks nothing");
            let length = match head[1] {
                126 => u64::from(soon(self.stream.read_u16()).await.unwrap()),
                127 => soon(self.stream.read_u64()).await.unwrap(),
                n => u64::from(n),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            soon(self.stream.read_exact(&mut payload)).await.unwrap();
            if head[0] & 0x0f != 1 {
                assert_eq!(head[0] & 0x40, 0, "control frames are not compressed (§6.1)");
                continue;
            }
            let text = if head[0] & 0x40 != 0 {
                self.compressed += 1;
                inflated(payload)
            } else {
                self.plain += 1;
                payload
            };
            let got = read_frame(std::str::from_utf8(&text).unwrap());
            if got.word() != "heartbeat" {
                return got;
            }
        }
    }
}

/// §7.2.2: the message, of a window of its own.
fn inflated(mut payload: Vec<u8>) -> Vec<u8> {
    payload.extend_from_slice(&[0, 0, 0xff, 0xff]);
    let mut inflater = Decompress::new(false);
    let mut out = Vec::with_capacity(64 << 10);
    loop {
        let before = inflater.total_in();
        let rest = &payload[usize::try_from(before).unwrap()..];
        inflater.decompress_vec(rest, &mut out, FlushDecompress::Sync).unwrap();
        if usize::try_from(inflater.total_in()).unwrap() == payload.len() && out.len() < out.capacity() {
            return out;
        }
        out.reserve(64 << 10);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compressed_messages_hold_the_same() {
    let world = World::start().await;
    for target in &world.targets {
        let worker = target.make(1, "script").await;
        let begin = target.watch(worker, "").await.events_up_to("ready").await.remove(0).cursor;
        target.say(worker, "burst 300").await;
        target.caught_up(worker).await;
        for query in [format!("cursor={begin}&coalesce=off"), "mode=live&coalesce=off".to_owned()] {
            let path = target.of(worker, &format!("/events/ws?{query}"));
            let mut compressed = Compressed::connect(target.backend, &path).await;
            let mut plain = target.watch(worker, &query).await;
            let wanted = plain.up_to(|got| got.word() == "ready").await;
            for want in &wanted {
                assert_eq!(compressed.next().await, *want);
            }
            target.say(worker, "all").await;
            for want in &plain.up_to(|got| got.word() == "run_finished").await {
                assert_eq!(compressed.next().await, *want);
            }
            target.caught_up(worker).await;
            target.say(worker, "tool 500000").await;
            loop {
                let (got, want) = (compressed.next().await, plain.next().await);
                assert_eq!(got, want);
                if got.word() == "run_finished" {
                    break;
                }
            }
            assert!(compressed.compressed > 5, "{} of {}", compressed.compressed, compressed.plain);
            target.caught_up(worker).await;
            // a snapshot too
            let path = target.of(worker, "/events/ws?cursor=nonsense");
            let mut compressed = Compressed::connect(target.backend, &path).await;
            assert_eq!(compressed.next().await.word(), "cursor_unknown");
            let Got::Event(snapshot) = compressed.next().await else { panic!("no snapshot") };
            assert!(snapshot.state().transcript.len() > 1 && compressed.compressed > 0);
        }
    }
}
