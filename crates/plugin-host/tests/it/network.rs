//! Names, addresses and TLS: what was judged is what is dialled.

use crate::support::server::Server;
use crate::support::{Fixture, Plugin, Target, kind, request, websocket};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use plugin_host::Resolve;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Answers what it is told, one answer for each question, and counts them.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Resolve for Script {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            self.asked.lock().push(host.to_owned());
            let answer = self.answers.lock().pop_front();
            match answer {
                Some(answer) => Ok(answer),
                None => {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                    Err(io::ErrorKind::NotFound.into())
                }
            }
        })
    }
}

struct Names {
    fixture: Fixture,
    script: Arc<Script>,
    port: u16,
}

async fn names(server: &Server, address: &str) -> Names {
    let named = |target: Target| {
        let target = target.with("hosts", r#"["chat.example.org"]"#);
        target.with("address", format!("\"{address}\""))
    };
    let plugin =
        Plugin::probe().asks(named(request("api", server.port()))).asks(named(websocket("live", server.port())));
    let (targets, script) = (plugin.asked.clone(), Arc::new(Script::default()));
    let resolver = script.clone();
    let fixture = Fixture::with(plugin, &targets, "{}", move |options| options.resolver = resolver).await;
    Names { fixture, script, port: server.port() }
}

impl Names {
    /// Both capabilities, each with these answers.
    async fn with(&self, answers: &[&[&str]]) -> Vec<Value> {
        let parsed = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().expect("an address")).collect();
        *self.script.answers.lock() = answers.iter().map(parsed).collect();
        self.script.asked.lock().clear();
        let port = self.port;
        let steps = json!([
            { "do": "request", "url": format!("http://chat.example.org:{port}/bytes"), "timeout_ms": 400 },
            { "do": "open", "url": format!("ws://chat.example.org:{port}/echo"), "timeout_ms": 400 },
        ]);
        self.fixture.steps(steps).await
    }
}

#[tokio::test]
async fn one_question_for_each_connection_and_its_answer_is_what_is_dialled() {
    let server = Server::start().await;
    let names = names(&server, "loopback").await;
    // a second question would be answered with an address that nobody may reach
    let answers = names.with(&[&["127.0.0.1"], &["127.0.0.1"], &["10.0.0.1"], &["10.0.0.1"]]).await;
    assert_eq!((kind(&answers[0]), kind(&answers[1])), ("none", "none"), "{answers:?}");
    assert_eq!(*names.script.asked.lock(), ["chat.example.org", "chat.example.org"], "exactly one each");
    assert_eq!(server.accepted(), 2);
    let head = server.seen.heads.lock().pop().expect("a head");
    assert!(head.to_ascii_lowercase().contains(&format!("host: chat.example.org:{}\r\n", server.port())), "{head}");
}

#[tokio::test]
async fn one_address_outside_refuses_all() {
    let server = Server::start().await;
    let names = names(&server, "public").await;
    let mixed: [&[&str]; 6] = [
        &["127.0.0.1"],
        &["93.184.216.34", "127.0.0.1"],
        &["93.184.216.34", "10.1.2.3"],
        &["169.254.169.254"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
    ];
    for answer in mixed {
        let answers = names.with(&[answer, answer]).await;
        assert_eq!((kind(&answers[0]), kind(&answers[1])), ("denied", "denied"), "{answer:?} {answers:?}");
        assert_eq!(names.script.asked.lock().len(), 2);
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn this_machine_and_the_local_network_are_two_spaces_and_metadata_is_neither() {
    let server = Server::start().await;
    let outside: [&[&str]; 5] =
        [&["127.0.0.1"], &["10.1.2.3", "127.0.0.1"], &["169.254.169.254"], &["100.100.100.200"], &["93.184.216.34"]];
    let names = names(&server, "private").await;
    for answer in outside {
        let answers = names.with(&[answer, answer]).await;
        assert_eq!((kind(&answers[0]), kind(&answers[1])), ("denied", "denied"), "{answer:?} {answers:?}");
    }
    assert_eq!(server.accepted(), 0);
}

#[tokio::test]
async fn no_answer_too_many_and_a_slow_one_are_errors() {
    let server = Server::start().await;
    let names = names(&server, "loopback").await;
    let none: &[&str] = &[];
    let many = vec!["127.0.0.1"; 1000];
    for answer in [none, &many] {
        let answers = names.with(&[answer, answer]).await;
        assert_eq!((kind(&answers[0]), kind(&answers[1])), ("denied", "denied"), "{answers:?}");
    }
    let answers = names.with(&[]).await;
    assert_eq!((kind(&answers[0]), kind(&answers[1])), ("timeout", "timeout"), "{answers:?}");
    assert!(names.fixture.is_quiet() && server.accepted() == 0);
}

#[tokio::test]
async fn the_next_address_is_tried_when_nobody_answers_at_the_first() {
    let server = Server::start().await;
    let names = names(&server, "loopback").await;
    let answers = names.with(&[&["127.0.0.2", "127.0.0.1"], &["127.0.0.2", "127.0.0.1"]]).await;
    assert_eq!((kind(&answers[0]), kind(&answers[1])), ("none", "none"), "{answers:?}");
}

#[tokio::test]
async fn tls_is_for_the_name_and_trusts_whom_the_options_say() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (acceptor, certificate) = chat_example_org();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
                let _ = stream.shutdown().await;
            });
        }
    });
    let secure = |id, name: &str| {
        let target = request(id, port).with("schemes", r#"["https"]"#);
        target.with("hosts", format!("[\"{name}\"]"))
    };
    let plugin = Plugin::probe().asks(secure("a", "chat.example.org")).asks(secure("b", "other.example.org"));
    let targets = plugin.asked.clone();
    let script = Arc::new(Script::default());
    let steps = json!([
        { "do": "request", "url": format!("https://chat.example.org:{port}/") },
        { "do": "request", "url": format!("https://other.example.org:{port}/") },
    ]);
    for (trusted, expected) in [(vec![certificate], ["none", "tls"]), (vec![], ["tls", "tls"])] {
        *script.answers.lock() = vec![vec!["127.0.0.1".parse().expect("an address")]; 2].into();
        let resolver = script.clone();
        let fixture = Fixture::with(plugin.clone(), &targets, "{}", move |options| {
            options.resolver = resolver;
            options.trust.extra = trusted;
        })
        .await;
        let answers = fixture.steps(steps.clone()).await;
        assert_eq!([kind(&answers[0]), kind(&answers[1])], expected, "{answers:?}");
    }
}

/// A server's side of TLS for a name, and the certificate to trust.
fn chat_example_org() -> (tokio_rustls::TlsAcceptor, rustls::pki_types::CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["chat.example.org".to_owned()]).expect("a certificate");
    let (certificate, key) = (made.cert.der().clone(), made.signing_key.serialize_der());
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], rustls::pki_types::PrivatePkcs8KeyDer::from(key).into())
        .expect("a server");
    (tokio_rustls::TlsAcceptor::from(Arc::new(config)), certificate)
}

#[tokio::test]
async fn a_websocket_over_tls_speaks_and_is_for_the_name_too() {
    use futures_util::{SinkExt, StreamExt};
    let (acceptor, certificate) = chat_example_org();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
                while let Some(Ok(message)) = socket.next().await {
                    if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    let secure =
        |id, name: &str| websocket(id, port).with("schemes", r#"["wss"]"#).with("hosts", format!("[\"{name}\"]"));
    let plugin = Plugin::probe().asks(secure("a", "chat.example.org")).asks(secure("b", "other.example.org"));
    let targets = plugin.asked.clone();
    let script = Arc::new(Script::default());
    *script.answers.lock() = vec![vec!["127.0.0.1".parse().expect("an address")]; 2].into();
    let fixture = Fixture::with(plugin, &targets, "{}", move |options| {
        options.resolver = script;
        options.trust.extra = vec![certificate];
    })
    .await;
    let steps = json!([
        { "do": "open", "url": format!("wss://chat.example.org:{port}/") },
        { "do": "echo", "text": "hello", "times": 20 },
        { "do": "send", "bytes": 200_000 },
        { "do": "receive" },
        { "do": "open", "as": "b", "url": format!("wss://other.example.org:{port}/") },
    ]);
    let answers = fixture.steps(steps).await;
    assert_eq!(answers[1]["ok"]["times"], 20, "{answers:?}");
    assert_eq!(answers[3]["ok"]["bytes"], 200_000, "{answers:?}");
    assert_eq!(kind(&answers[4]), "tls", "{answers:?}");
    assert!(fixture.is_quiet());
}
