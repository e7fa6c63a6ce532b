//! The bounds of connections.

use crate::support::{UPGRADE, options, read_head, serve, service, soon};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::time::{Instant, sleep};
use yoi_edge::{Options, Peer};

#[tokio::test]
async fn one_too_many_is_told_and_one_handed_over_takes_no_place() {
    let served = serve(Options { max_connections: 1, ..options() }).await;
    let mut first = served.connect().await;
    first.write_all(b"GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    assert!(read_head(&mut first).await.starts_with("http/1.1 200"));
    let refused = served.get("/healthz").await;
    assert_eq!((refused.status, refused.code()), (503, "overloaded".to_owned()));
    assert!(refused.head.contains("retry-after: 1"), "{refused:?}");

    soon(first.read_exact(&mut [0; 15])).await.unwrap();
    first.write_all(format!("GET /echo HTTP/1.1\r\nhost: h\r\n{UPGRADE}\r\n").as_bytes()).await.unwrap();
    assert!(read_head(&mut first).await.starts_with("http/1.1 101"));
    soon(async {
        while served.get("/healthz").await.status != 200 {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    first.write_all(b"still here").await.unwrap();
    let mut got = [0; 10];
    soon(first.read_exact(&mut got)).await.unwrap();
    assert_eq!(&got, b"still here");
}

/// How long a connection lasts whose client sends `request` and then does nothing.
async fn lasts(options: Options, request: &str) -> Duration {
    let (mut client, server) = duplex(4096);
    let started = Instant::now();
    let service = service(options);
    let serving = tokio::spawn(async move { service.serve_connection(server, Peer::default()).await });
    client.write_all(request.as_bytes()).await.unwrap();
    serving.await.unwrap();
    started.elapsed()
}

#[tokio::test(start_paused = true)]
async fn nobody_is_waited_for_longer_than_the_options_say() {
    let short = || Options { header_timeout: Duration::from_secs(7), slow_after: Duration::from_secs(11), ..options() };
    // a connection that is done lingers for a second, for what still comes
    for (request, seconds) in [
        ("GET /peer HTTP/1.1\r\nhost:", 7..=8),
        ("GET /peer HTTP/1.1\r\nhost: h\r\n\r\n", 7..=8),
        ("GET /large HTTP/1.1\r\nhost: h\r\n\r\n", 11..=12),
    ] {
        let lasted = lasts(short(), request).await.as_secs();
        assert!(seconds.contains(&lasted), "{request}: {lasted} s");
    }
}
