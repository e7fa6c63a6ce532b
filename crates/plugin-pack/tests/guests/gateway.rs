//! `gateway-bridge`: kept up through breaks, and nothing lost or handed over twice.

use crate::packages::{all_granted, package};
use crate::running::Running;
use crate::servers::{Peer, Server};
use plugin_host::{MemoryStorage, Options, State};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::mpsc;

fn message(seq: u64, channel: &str, text: &str) -> Value {
    json!({ "op": "message", "seq": seq, "channel": channel, "author": "Ada", "text": text })
}

/// The next message that is not a heartbeat.
async fn word(peer: &mut Peer) -> Value {
    loop {
        let message = peer.json().await;
        if message["op"] != "heartbeat" {
            return message;
        }
    }
}

/// Greets, and says what the bridge says of itself.
async fn hello(peer: &mut Peer, heartbeat_ms: u64) -> Value {
    peer.send(json!({ "op": "hello", "heartbeat_ms": heartbeat_ms, "unknown": true })).await;
    word(peer).await
}

async fn bridge(server: &Server, options: Options, outputs: mpsc::Receiver<plugin_host::Output>) -> Running {
    let port = server.port();
    let package = package("gateway-bridge", |text| text.replace("[8765]", &format!("[{port}]")));
    let grants = all_granted(&package);
    let config =
        json!({ "url": format!("ws://127.0.0.1:{port}/gateway"), "channels": ["#general"], "first_wait_ms": 50 });
    Running::start_with(options, outputs, package, grants, config).await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_on_after_breaks_and_its_own_restart_without_losing_or_repeating() {
    let server = Server::start().await;
    let storage = Arc::new(MemoryStorage::default());
    let options = |sink| Options { storage: storage.clone(), ..Options::new(std::env::temp_dir(), Arc::new(sink)) };
    let (sink, outputs) = mpsc::channel(64);
    let mut bridge_1 = bridge(&server, options(sink), outputs).await;

    // somebody new
    let mut peer = server.accept().await;
    assert_eq!(hello(&mut peer, 200).await, json!({ "op": "identify" }));
    peer.send(json!({ "op": "ready", "session": "s1" })).await;
    bridge_1.status("connected").await;
    peer.send(message(1, "#general", "one")).await;
    peer.send(message(2, "#other", "not asked for")).await;
    peer.send(json!({ "op": "new-in-some-later-version" })).await;
    assert_eq!(bridge_1.ingress().await, ("Ada in #general".to_owned(), "one".to_owned()));
    let beat = peer.json().await;
    assert_eq!(beat["op"], "heartbeat");
    peer.send(json!({ "op": "ack" })).await;

    // the connection breaks: it goes on after what it has seen
    drop(peer);
    let mut peer = server.accept().await;
    assert_eq!(hello(&mut peer, 200).await, json!({ "op": "resume", "session": "s1", "seq": 2 }));
    peer.send(json!({ "op": "resumed" })).await;
    peer.send(message(2, "#general", "again")).await;
    peer.send(message(3, "#general", "three")).await;
    assert_eq!(bridge_1.ingress().await.1, "three", "what came again is left out");

    // a heartbeat that is not answered: it does not wait for TCP
    let mut next = server.accept().await;
    assert_eq!(hello(&mut next, 60_000).await, json!({ "op": "resume", "session": "s1", "seq": 3 }));
    drop(peer);

    // the host ends, and another begins with what was kept
    next.send(json!({ "op": "resumed" })).await;
    bridge_1.status("connected again").await;
    let ending = tokio::spawn(bridge_1.end());
    assert_eq!(next.close_code().await, 1001);
    drop(next);
    ending.await.unwrap();
    let (sink, outputs) = mpsc::channel(64);
    let bridge_2 = bridge(&server, options(sink), outputs).await;
    let mut peer = server.accept().await;
    assert_eq!(hello(&mut peer, 60_000).await, json!({ "op": "resume", "session": "s1", "seq": 3 }));

    // the gateway has forgotten it
    peer.send(json!({ "op": "invalid" })).await;
    let mut peer = server.accept().await;
    assert_eq!(hello(&mut peer, 60_000).await, json!({ "op": "identify" }));
    bridge_2.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_does_not_knock_where_it_is_not_allowed() {
    let server = Server::start().await;
    let package = package("gateway-bridge", |text| text.replace("[8765]", &format!("[{}]", server.port())));
    let grants = all_granted(&package);
    // another path than the one that is granted
    let config = json!({ "url": format!("ws://127.0.0.1:{}/other", server.port()) });
    let bridge = Running::start(package, grants, config).await;
    let status = bridge.until(|status| status.last_error.is_some()).await;
    // the host starts it again after a while, in case somebody has granted more
    assert_ne!(status.state, State::Running, "{status:?}");
    let error = status.last_error.as_deref().unwrap_or_default();
    assert!(error.contains("not allowed") && error.contains("hint:") && !error.contains("\\n"), "{error}");
    bridge.end().await;
}
