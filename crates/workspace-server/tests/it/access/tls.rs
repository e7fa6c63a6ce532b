//! TLS from a client to the backend, and from there to a runtime.

use super::process::{Home, principal};
use super::stage;
use crate::support::{soon, until};
use protocol::RuntimeId;
use protocol::api::{CreateWorker, SendInput};
use rcgen::{CertifiedKey, KeyPair};
use std::net::SocketAddr;
use tokio_util::sync::{CancellationToken, DropGuard};
use worker_runtime::server::{Server, ServerOptions, Tls, Token};
use yoi_client::{CertificatePin, Client, ClientOptions, FollowOptions, Secret, Update};

const BEHIND: &str = "token-of-the-runtime-4712";

fn certificate() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap()
}

/// A runtime behind TLS, in this process.
async fn runtime(id: &str, made: &CertifiedKey<KeyPair>) -> (SocketAddr, DropGuard) {
    let mut options = ServerOptions::new(([127, 0, 0, 1], 0).into());
    options.token = Some(Token::new(BEHIND).unwrap());
    let tls = Tls::from_pem(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes()).unwrap();
    options.tls = Some(tls);
    let server = Server::bind(options, stage::runtime(id).await).await.unwrap();
    let (address, cancel) = (server.local_addr(), CancellationToken::new());
    tokio::spawn(server.run(cancel.clone()));
    (address, cancel.drop_guard())
}

fn lines_of(id: &str, address: SocketAddr, trust: &str) -> String {
    format!("[[runtimes]]\nid = \"{id}\"\nurl = \"https://{address}\"\ntoken = {{ file = \"behind\" }}\n{trust}\n")
}

/// What a client does with a runtime, REST and stream.
async fn story(client: &Client, id: &str, profile: &str) {
    let id: RuntimeId = id.parse().unwrap();
    until("the runtime is up", || async {
        let row = client.runtime_row(&id).await.unwrap();
        (row.link == protocol::LinkState::Up).then_some(())
    })
    .await;
    let there = client.on(&id);
    let made = there.create(&CreateWorker { profile: Some(profile.into()), ..CreateWorker::default() }).await.unwrap();
    let worker = made.worker.worker_id;
    let mut follow = there.follow(worker, FollowOptions::default());
    let content = vec![protocol::Part::text("text:over tls")];
    there.input(worker, &SendInput { content, idempotency_key: None }).await.unwrap();
    soon(async {
        loop {
            let update = follow.next().await.unwrap().unwrap();
            if let Update::Event(received) = update
                && received.raw().to_uppercase().contains("OVER TLS")
            {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn from_the_client_to_the_runtime_nobody_listens_in() {
    let (front, back, other) = (certificate(), certificate(), certificate());
    let ((by_ca, _ca), (by_pin, _pin), (wrong_pin, _wrong), (wrong_ca, _unknown)) = (
        runtime("by-ca", &back).await,
        runtime("by-pin", &back).await,
        runtime("wrong-pin", &back).await,
        runtime("wrong-ca", &back).await,
    );
    let pin = |made: &CertifiedKey<KeyPair>| format!("pin = \"sha256:{}\"", CertificatePin::of(made.cert.der()));
    let config = [
        "tls.cert = \"cert.pem\"\ntls.key = \"key.pem\"\n".to_owned(),
        principal("ada", "admin", "token-of-ada", ""),
        lines_of("by-ca", by_ca, "ca = \"back.pem\""),
        lines_of("by-pin", by_pin, &pin(&back)),
        lines_of("wrong-pin", wrong_pin, &pin(&other)),
        lines_of("wrong-ca", wrong_ca, "ca = \"other.pem\""),
    ];
    let home = Home::new(&config.concat());
    for (name, text) in [
        ("cert.pem", front.cert.pem()),
        ("key.pem", front.signing_key.serialize_pem()),
        ("back.pem", back.cert.pem()),
        ("other.pem", other.cert.pem()),
    ] {
        home.keep_secret(name, &text);
    }
    home.keep_secret("behind", BEHIND);
    let process = home.serve();
    let client = |ca: &CertifiedKey<KeyPair>| {
        let mut options = ClientOptions::new(format!("https://{}", process.address));
        options.token = Some(Secret::new("token-of-ada").unwrap());
        options.ca = Some(ca.cert.pem().into_bytes());
        Client::new(options).unwrap()
    };
    let trusting = client(&front);
    assert_eq!(trusting.session().await.unwrap().principal, "ada");
    assert!(client(&other).session().await.is_err(), "a certificate of somebody else's");
    story(&trusting, "by-ca", "actor").await;
    story(&trusting, "by-pin", "actor").await;
    story(&trusting, "local", "echo").await;
    for id in ["wrong-pin", "wrong-ca"] {
        let runtime: RuntimeId = id.parse().unwrap();
        until("the row says why", || async {
            let row = trusting.runtime_row(&runtime).await.unwrap();
            let told = serde_json::to_string(&row).unwrap();
            assert!(
                !told.contains(&wrong_pin.port().to_string()) && !told.contains(&wrong_ca.port().to_string()),
                "{told}"
            );
            (row.link == protocol::LinkState::Down && told.contains("\"runtime_tls_failed\"")).then_some(())
        })
        .await;
        let error = trusting.on(&runtime).create(&CreateWorker::default()).await.unwrap_err();
        assert!(error.to_string().contains("TLS") || format!("{error:?}").contains("runtime_tls_failed"), "{error:?}");
    }
    // nothing is answered without TLS
    let plain = super::stage::send(process.address, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(!plain.starts_with(b"HTTP/"), "{plain:?}");
}
