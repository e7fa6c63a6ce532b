//! Observation over server-sent events.

use crate::http_support::{Served, serve, soon};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// The lines of a stream.
struct Events(BufReader<TcpStream>);

impl Events {
    async fn open(served: &Served, path: &str, headers: &str) -> Events {
        let mut stream = served.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        Events(BufReader::new(stream))
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = soon(self.0.read_line(&mut line)).await.unwrap();
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// The next `(id, event, data)`; none at the end.
    async fn next(&mut self) -> Option<(String, String, serde_json::Value)> {
        let (mut id, mut event) = (String::new(), String::new());
        loop {
            let line = self.line().await?;
            if let Some(text) = line.strip_prefix("id: ").or(line.strip_prefix("id:")) {
                id = text.to_owned();
            } else if let Some(text) = line.strip_prefix("event: ").or(line.strip_prefix("event:")) {
                event = text.to_owned();
            } else if let Some(text) = line.strip_prefix("data: ").or(line.strip_prefix("data:")) {
                return Some((id, event, serde_json::from_str(text).unwrap()));
            }
        }
    }

    async fn until(&mut self, kind: &str) -> Vec<(String, String, serde_json::Value)> {
        let mut all = Vec::new();
        loop {
            let next = self.next().await.unwrap();
            let done = next.1 == kind;
            all.push(next);
            if done {
                return all;
            }
        }
    }
}

#[tokio::test]
async fn snapshot_ready_live_and_resumed_by_last_event_id() {
    let served = serve().await;
    let id = served.worker(1, "echo").await;
    let path = format!("/v1/workers/{id}/events");
    let mut events = Events::open(&served, &path, "").await;
    let mut head = Vec::new();
    while let Some(line) = events.line().await.filter(|line| !line.is_empty()) {
        head.push(line.to_ascii_lowercase());
    }
    for line in
        ["http/1.1 200 ok", "content-type: text/event-stream", "cache-control: no-store", "x-accel-buffering: no"]
    {
        assert!(head.contains(&line.to_owned()), "{line}: {head:?}");
    }
    let before = events.until("ready").await;
    let (cursor, _, snapshot) = &before[0];
    assert_eq!((snapshot["event"]["type"].as_str(), snapshot["cursor"].as_str()), (Some("snapshot"), Some(&**cursor)));
    served.say(id, "hello").await;
    let mut live = Vec::new();
    while live.last() != Some(&"run_finished".to_owned()) {
        let (_, _, frame) = events.next().await.unwrap();
        live.push(frame["event"]["type"].as_str().unwrap_or_default().to_owned());
    }
    served.settled(id).await;

    // the header is newer than the query of the address that a browser opens again
    let header = format!("Last-Event-ID: {cursor}\r\n");
    let mut resumed = Events::open(&served, &format!("{path}?cursor=wrong"), &header).await;
    let again: Vec<_> = resumed.until("ready").await.iter().map(|(_, _, f)| f["event"]["type"].clone()).collect();
    assert!(again.len() > live.len() && !again.contains(&"snapshot".into()) && again[0] == live[0], "{again:?}");
    drop((events, resumed));
    soon(async {
        while served.runtime.management().counts().watchers > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_cursor_that_is_none_is_told_and_a_snapshot_follows() {
    let served = serve().await;
    let id = served.worker(1, "echo").await;
    let mut events = Events::open(&served, &format!("/v1/workers/{id}/events"), "Last-Event-ID: nonsense\r\n").await;
    let (_, kind, frame) = events.next().await.unwrap();
    assert_eq!((kind.as_str(), frame["diagnostic"]["code"].as_str()), ("diagnostic", Some("cursor_unknown")));
    let (_, _, frame) = events.next().await.unwrap();
    assert_eq!(frame["event"]["type"], "snapshot");
}

#[tokio::test]
async fn ends_with_the_server() {
    let served = serve().await;
    let id = served.worker(1, "echo").await;
    let mut events = Events::open(&served, &format!("/v1/workers/{id}/events"), "").await;
    events.until("ready").await;
    served.cancel.cancel();
    let last = events.until("diagnostic").await.pop().unwrap();
    assert_eq!(last.2["diagnostic"]["code"], "going_away");
    assert_eq!(events.next().await, None);
    drop(events);
    let ended = soon(served.running).await.unwrap();
    assert!(ended.is_clean(), "{ended:?}");
}
