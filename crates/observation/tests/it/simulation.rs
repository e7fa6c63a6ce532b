//! A simulated network between a hub and its viewers: delays, partitions, resets, slow readers.
//! Every seed is a different history, and the same one each time it is run.
//!
//! `YOI_SIM_SEEDS=1000` runs more of them; `YOI_SIM_SEED=42` runs that one.

use crate::world::{Told, delta, publish, sealer, stream};
use bytes::Bytes;
use event_log::Limits;
use futures_util::StreamExt;
use observation::{Attach, AttachRequest, Coalesce, Connection, Hub, Options, Stream, Subject};
use protocol::{Code, EventKind, Level};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use turmoil::net::{TcpListener, TcpStream};

const PORT: u16 = 7070;
const VIEWERS: usize = 4;

/// A small deterministic generator (splitmix64): the simulation's own randomness is not ours.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn millis(&mut self, n: u64) -> Duration {
        Duration::from_millis(self.below(n))
    }
}

/// A worker in bursts and pauses, until `events` were said.
async fn work(stream: Arc<Stream>, seed: u64, events: u64) {
    let mut random = Random(seed);
    while stream.head().0 < events {
        let burst = 1 + random.below(60);
        let kinds = (0..burst).map(|n| match random.below(12) {
            0 => EventKind::Notice { level: Level::Info, code: "n".into(), message: "m".into(), entry_id: None },
            _ => delta(format!("{n} ")),
        });
        publish(&stream, kinds.collect());
        tokio::time::sleep(random.millis(400)).await;
    }
}

/// Accepts connections. The request is one line with the cursor: the handshake is tested elsewhere.
async fn serve(stream: Arc<Stream>) -> turmoil::Result {
    let hub = Hub::start(&Options { writers: 1, merge_after_events: 50, ..Options::default() });
    let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
    loop {
        let (mut io, _) = listener.accept().await?;
        let (hub, stream) = (hub.clone(), Arc::clone(&stream));
        tokio::spawn(async move {
            let mut line = Vec::new();
            loop {
                match io.read_u8().await {
                    Ok(b'\n') => break,
                    Ok(byte) => line.push(byte),
                    Err(_) => return,
                }
            }
            let line = String::from_utf8(line).unwrap();
            let (coalesce, cursor) = line.split_once(' ').unwrap();
            let coalesce = if coalesce == "off" { Coalesce::Off } else { Coalesce::On };
            let cursor = Some(cursor.to_owned()).filter(|c| !c.is_empty());
            let request = AttachRequest { cursor, coalesce, ..AttachRequest::default() };
            hub.attach(Connection::new(io, Bytes::new(), Subject::Stream(Attach::new(stream, request))));
        });
    }
}

/// Watches until it has everything; drops its connection when it likes, reads as slowly as it
/// likes.
async fn watch(stream: Arc<Stream>, seed: u64, events: u64) -> turmoil::Result {
    let mut random = Random(seed);
    let sealer = sealer();
    let mut told = Told::default();
    let coalesce = if random.below(2) == 0 { "on" } else { "off" };
    let mut gaps = 0;
    while told.seq < events {
        told.reconnected();
        let connect = tokio::time::timeout(Duration::from_secs(2), TcpStream::connect(("server", PORT)));
        let Ok(Ok(mut io)) = connect.await else {
            tokio::time::sleep(random.millis(500)).await;
            continue;
        };
        let request = format!("{coalesce} {}\n", told.cursor.clone().unwrap_or_default());
        if io.write_all(request.as_bytes()).await.is_err() {
            continue;
        }
        let mut socket = WebSocketStream::from_raw_socket(io, Role::Client, None).await;
        let patience = 1 + random.below(400);
        let before = told.snapshots;
        for _ in 0..patience {
            if random.below(30) == 0 {
                tokio::time::sleep(random.millis(3_000)).await;
            }
            match tokio::time::timeout(Duration::from_secs(20), socket.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => {
                    let merged_before = told.events;
                    let seq = told.seq;
                    told.take(&sealer, &text);
                    if coalesce == "off" && told.events > merged_before {
                        assert_eq!(told.seq, seq + 1, "merged although it asked not to");
                    }
                }
                Ok(Some(Ok(_))) => {}
                _ => break,
            }
            if told.seq >= events {
                break;
            }
        }
        // every snapshot but the very first was announced
        let announced = told.codes().iter().filter(|c| [Code::Lagged, Code::CursorExpired].contains(c)).count() as u64;
        let first = u64::from(before == 0 && told.snapshots > 0);
        assert!(told.snapshots - before <= announced + first, "a gap was not announced");
        gaps += announced;
    }
    let (head, state) = stream.state();
    if told.seq == head.0 {
        assert_eq!(told.state.as_ref(), Some(&*state), "after {gaps} gaps");
    }
    Ok(())
}

fn simulate(seed: u64) {
    let mut random = Random(seed);
    let backlog = 50 + random.below(2_000) as usize;
    let events = 300 + random.below(2_000);
    let mut sim = turmoil::Builder::new()
        .simulation_duration(Duration::from_secs(3_600))
        .tick_duration(Duration::from_millis(5))
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(random.millis(300) + Duration::from_millis(2))
        // segments in flight; also how many connections wait to be accepted, which must not run out
        .tcp_capacity(16 + random.below(64) as usize)
        .rng_seed(seed)
        .build();
    let stream = stream(Limits { max_events: backlog, max_bytes: 1 << 20 });
    let served = Arc::clone(&stream);
    sim.host("server", move || serve(Arc::clone(&served)));
    let done = Rc::new(Cell::new(0));
    for viewer in 0..VIEWERS {
        let (stream, done, seed) = (Arc::clone(&stream), Rc::clone(&done), random.below(u64::MAX));
        sim.client(format!("viewer{viewer}"), async move {
            watch(stream, seed, events).await?;
            done.set(done.get() + 1);
            Ok(())
        });
    }
    let working = Arc::clone(&stream);
    sim.client("worker", async move {
        work(working, seed, events).await;
        Ok(())
    });
    let weather = random.below(u64::MAX);
    sim.client("weather", async move {
        let mut random = Random(weather);
        for _ in 0..random.below(20) {
            tokio::time::sleep(random.millis(2_000)).await;
            let viewer = format!("viewer{}", random.below(VIEWERS as u64));
            turmoil::partition("server", viewer.as_str());
            tokio::time::sleep(random.millis(3_000)).await;
            turmoil::repair("server", viewer.as_str());
        }
        Ok(())
    });
    if let Err(error) = sim.run() {
        panic!("seed {seed}: {error}");
    }
    assert_eq!(done.get(), VIEWERS, "seed {seed}: not every viewer came to the end");
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[test]
fn no_viewer_loses_anything_unannounced() {
    if let Some(seed) = number("YOI_SIM_SEED") {
        return simulate(seed);
    }
    for seed in 0..number("YOI_SIM_SEEDS").unwrap_or(60) {
        let result = std::panic::catch_unwind(|| simulate(seed));
        if let Err(panic) = result {
            eprintln!("run again with YOI_SIM_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
    }
}
