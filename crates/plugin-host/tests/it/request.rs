//! `request` against servers that behave and servers that do not.

use crate::support::server::Server;
use crate::support::{Fixture, Plugin, kind, request, text};
use plugin_host::{Secret, SecretError, Secrets};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

async fn fixture(server: &Server) -> Fixture {
    let plugin = Plugin::probe().asks(request("api", server.port()));
    Fixture::granted(plugin.limit("request_bytes", 1000).limit("response_bytes", 2000)).await
}

async fn get(fixture: &Fixture, server: &Server, path: &str) -> Value {
    let steps = json!([{ "do": "request", "url": server.http(path), "timeout_ms": 1500 }]);
    fixture.steps(steps).await.pop().expect("an answer")
}

#[tokio::test]
async fn bodies_are_bytes_both_ways_and_never_decompressed() {
    let server = Server::start().await;
    let fixture = fixture(&server).await;
    let answer = get(&fixture, &server, "/bytes").await;
    assert_eq!(answer["ok"]["body_bytes"], 256);
    assert_eq!(answer["ok"]["sum"], (0..=255).sum::<u64>());
    let steps = json!([{ "do": "request", "method": "POST", "url": server.http("/echo"), "body_bytes": 1000 }]);
    assert_eq!(fixture.steps(steps).await[0]["ok"]["body_bytes"], 1000);
    assert_eq!(get(&fixture, &server, "/gzip").await["ok"]["sum"], 0x1f + 0x8b + 1);
    assert!(fixture.is_quiet());
}

#[tokio::test]
async fn a_body_one_byte_too_large_is_an_error_and_not_a_cut() {
    let server = Server::start().await;
    let fixture = fixture(&server).await;
    for (path, error) in [("/big/2000", "none"), ("/big/2001", "too-large"), ("/chunks/9000", "too-large")] {
        let answer = get(&fixture, &server, path).await;
        assert_eq!(kind(&answer), error, "{path} {answer}");
    }
    let steps = json!([{ "do": "request", "method": "POST", "url": server.http("/echo"), "body_bytes": 1001 }]);
    let answers = fixture.steps(steps).await;
    assert_eq!((kind(&answers[0]), &answers[0]["error"]["number"]), ("too-large", &json!(1000)));
    assert!(fixture.is_quiet());
}

#[tokio::test]
async fn redirects_come_back_as_they_are() {
    let server = Server::start().await;
    let fixture = fixture(&server).await;
    let answer = get(&fixture, &server, "/redirect").await;
    assert_eq!(answer["ok"]["status"], 302);
    assert!(answer["ok"]["headers"].to_string().contains("10.0.0.1"), "{answer}");
    assert_eq!(server.accepted(), 1);
}

#[tokio::test]
async fn nothing_that_stays_open_can_be_had() {
    let server = Server::start().await;
    let fixture = fixture(&server).await;
    for path in ["/events", "/upgrade"] {
        let answer = get(&fixture, &server, path).await;
        assert_eq!(kind(&answer), "protocol", "{path} {answer}");
    }
    let answer = fixture.steps(json!([{ "do": "request", "url": server.ws("/echo") }])).await;
    assert_eq!(kind(&answer[0]), "denied", "{answer:?}");
    let upgrade = json!([{
        "do": "request", "url": server.http("/echo"),
        "headers": [["upgrade", "websocket"], ["connection", "upgrade"]],
    }]);
    let answer = fixture.steps(upgrade).await;
    assert!(kind(&answer[0]) == "denied" && text(&answer[0]).contains("upgrade"), "{answer:?}");
    assert_eq!(server.accepted(), 2);
    assert!(fixture.is_quiet());
}

#[tokio::test]
async fn the_deadline_is_over_the_whole_exchange() {
    let server = Server::start().await;
    let fixture = fixture(&server).await;
    for path in ["/silent", "/drip"] {
        let began = Instant::now();
        let steps = json!([{ "do": "request", "url": server.http(path), "timeout_ms": 200 }]);
        let answer = fixture.steps(steps).await;
        assert_eq!(kind(&answer[0]), "timeout", "{path} {answer:?}");
        assert!(began.elapsed() < Duration::from_secs(1), "{path} {:?}", began.elapsed());
        assert!(fixture.is_quiet(), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_an_error_with_a_name() {
    let server = Server::start().await;
    let fixture = fixture(&server).await;
    for path in ["/noise", "/short", "/heads/500"] {
        let answer = get(&fixture, &server, path).await;
        assert_eq!(kind(&answer), "protocol", "{path} {answer}");
    }
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let fixture = Fixture::granted(Plugin::probe().asks(request("gone", gone))).await;
    let answer = fixture.steps(json!([{ "do": "request", "url": format!("http://127.0.0.1:{gone}/") }])).await;
    assert_eq!(kind(&answer[0]), "connect-failed", "{answer:?}");
}

#[tokio::test]
async fn headers_that_set_cookies_or_carry_credentials_are_left_out() {
    let server = Server::start().await;
    let fixture = fixture(&server).await;
    let answer = get(&fixture, &server, "/cookie").await["ok"]["headers"].to_string();
    assert!(answer.contains("x-kept"), "{answer}");
    for name in ["set-cookie", "x-csrf-token", "www-authenticate"] {
        assert!(!answer.contains(name), "{answer}");
    }
}

struct Vault;

impl Secrets for Vault {
    fn read<'a>(
        &'a self,
        source: &'a manifest::CredentialSource,
    ) -> futures_util::future::BoxFuture<'a, Result<Secret, SecretError>> {
        Box::pin(async move {
            match source {
                manifest::CredentialSource::Env(name) if &**name == "CHAT_TOKEN" => Ok(Secret::new("s3cr3t\n")),
                other => Err(SecretError { place: other.to_string(), problem: "is not set" }),
            }
        })
    }
}

#[tokio::test]
async fn credentials_are_added_by_the_host_and_never_seen_by_the_plugin() {
    let server = Server::start().await;
    let credential =
        |name: &str| format!(r#"headers = {{ authorization = {{ env = "{name}", prefix = "Bearer " }} }}"#);
    let plain = request("api", server.port());
    let plugin = Plugin::probe().asks(plain.clone());
    let linked = Plugin::probe().asked;
    let grant = [linked.clone(), vec![plain.clone().granted_with(&credential("CHAT_TOKEN"))]].concat();
    let fixture = Fixture::with(plugin, &grant, "{}", |options| options.secrets = Arc::new(Vault)).await;
    let answer = get(&fixture, &server, "/bytes?q=1").await;
    assert_eq!(answer["ok"]["status"], 200);
    assert!(!answer.to_string().contains("s3cr3t"));
    let head = server.seen.heads.lock().pop().expect("a request");
    assert!(head.contains("authorization: Bearer s3cr3t\r\n"), "{head}");
    let own = json!([{ "do": "request", "url": server.http("/bytes"), "headers": [["Authorization", "mine"]] }]);
    assert_eq!(kind(&fixture.steps(own).await[0]), "denied");

    let missing = [linked, vec![plain.granted_with(&credential("NOT_SET"))]].concat();
    fixture.grant(&missing).await;
    let answer = get(&fixture, &server, "/bytes").await;
    assert!(kind(&answer) == "denied" && !text(&answer).contains("NOT_SET"), "{answer}");
    assert_eq!(format!("{:?}", Secret::new("s3cr3t")), "Secret");
}

#[tokio::test]
async fn the_head_on_the_wire_is_that_of_the_url_that_was_checked() {
    let server = Server::start().await;
    let fixture = fixture(&server).await;
    let steps =
        json!([{ "do": "request", "url": server.http("/a/../bytes?x=%2f"), "headers": [["x-request-id", "7"]] }]);
    assert_eq!(fixture.steps(steps).await[0]["ok"]["status"], 200);
    let head = server.seen.heads.lock().pop().expect("a request");
    assert!(head.starts_with("GET /bytes?x=%2f HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("host: {}\r\n", server.address)), "{head}");
    for bad in ["http://u:p@127.0.0.1/", "http://127.0.0.1/#x", "http://127.0.0.1/a%2fb", "not a url"] {
        let answer = fixture.steps(json!([{ "do": "request", "url": bad }])).await;
        assert_eq!(kind(&answer[0]), "invalid-url", "{bad} {answer:?}");
    }
    for bad in [json!(["x-a", "b\r\nc: d"]), json!(["accept-encoding", "gzip"])] {
        let answer = fixture.steps(json!([{ "do": "request", "url": server.http("/"), "headers": [bad] }])).await;
        assert_eq!(kind(&answer[0]), "invalid", "{answer:?}");
    }
    assert_eq!(server.accepted(), 1);
}
