//! The order in which everything ends.

use crate::support::{options, read_head, router, serve, soon};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use yoi_edge::{Ended, Options, Server, Service};

#[tokio::test]
async fn the_owner_ends_between_the_last_request_and_the_last_answer() {
    let closing = CancellationToken::new();
    let gate = CancellationToken::new();
    let opens = gate.clone();
    let router = router().route("/gated", axum::routing::get(async move || opens.cancelled().await));
    let drain = Duration::from_secs(15);
    let service = Service::new(Options { drain, ..options() }, router, closing.clone());
    let server = Server::bind(service).await.unwrap();
    let (address, cancel) = (server.local_addr(), CancellationToken::new());
    let mut idle = TcpStream::connect(address).await.unwrap();
    let mut busy = TcpStream::connect(address).await.unwrap();
    let (told, listening, was_closing, left) = {
        let running = server.run(cancel.clone(), async |left| {
            // the idle connection ends before anything of the owner's does
            let told = soon(idle.read(&mut [0; 10])).await.unwrap();
            let listening = TcpStream::connect(address).await.is_ok();
            gate.cancel();
            (told, listening, closing.is_cancelled(), left)
        });
        let asking = async {
            busy.write_all(b"GET /gated HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
            cancel.cancel();
        };
        let (ended, ()) = soon(async { tokio::join!(running, asking) }).await;
        assert_eq!(ended.dropped_connections, 0);
        ended.owner
    };
    assert_eq!((told, listening, was_closing, left), (0, false, true, drain));
    let head = read_head(&mut busy).await;
    assert!(head.starts_with("http/1.1 200") && head.contains("connection: close"), "{head}");
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut_off_and_counted() {
    let served = serve(Options { drain: Duration::from_millis(200), ..options() }).await;
    let mut hangs = served.connect().await;
    hangs.write_all(b"GET /hangs HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    // one that has been answered was accepted after the other
    assert_eq!(served.get("/healthz").await.status, 200);
    tokio::time::sleep(Duration::from_millis(50)).await;
    served.cancel.cancel();
    let ended = soon(served.running).await.unwrap();
    assert_eq!(ended, Ended { owner: (), dropped_connections: 1 });
    assert_eq!(soon(hangs.read(&mut [0; 10])).await.unwrap(), 0);
}
