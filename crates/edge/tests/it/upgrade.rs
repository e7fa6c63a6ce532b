//! From a request to a socket that somebody else owns.

use crate::support::{UPGRADE, options, read_head, serve, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

#[tokio::test]
async fn an_ordinary_client_gets_the_subprotocol_it_offered() {
    let served = serve(options()).await;
    let mut request = "ws://localhost/echo".into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "other, echo".parse().unwrap());
    let stream = served.connect().await;
    let (socket, response) = soon(tokio_tungstenite::client_async(request, stream)).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "echo");
    // from here on the bytes are the owner's, who gives them back as they are
    let mut stream = socket.into_inner();
    stream.write_all(b"no frame at all").await.unwrap();
    let mut got = [0; 15];
    soon(stream.read_exact(&mut got)).await.unwrap();
    assert_eq!(&got, b"no frame at all");
}

#[tokio::test]
async fn what_comes_with_the_handshake_is_not_lost() {
    let served = serve(options()).await;
    let mut stream = served.connect().await;
    let early = "x".repeat(3000);
    let request = format!("GET /echo HTTP/1.1\r\nhost: h\r\n{UPGRADE}\r\n{early}");
    stream.write_all(request.as_bytes()).await.unwrap();
    let head = read_head(&mut stream).await;
    assert!(head.starts_with("http/1.1 101 ") && head.contains("s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    assert!(!head.contains("sec-websocket-protocol"), "{head}");
    stream.write_all(b" and later").await.unwrap();
    let mut got = vec![0; early.len() + 10];
    soon(stream.read_exact(&mut got)).await.unwrap();
    assert_eq!(String::from_utf8(got).unwrap(), early + " and later");
    stream.shutdown().await.unwrap();
    assert_eq!(soon(stream.read(&mut [0; 1])).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_no_websocket_is_told_how_to_become_one() {
    let served = serve(options()).await;
    let reply = served.get("/echo").await;
    assert_eq!((reply.status, reply.code()), (426, "upgrade_required".to_owned()));
    for header in ["upgrade: websocket", "sec-websocket-version: 13"] {
        assert!(reply.head.contains(header), "{reply:?}");
    }
    let bad = UPGRADE.replace("dGhl", "!!!!");
    let reply = served.ask(&format!("GET /echo HTTP/1.1\r\nhost: h\r\n{bad}connection: close\r\n\r\n")).await;
    assert_eq!((reply.status, reply.code()), (400, "bad_request".to_owned()));
}
