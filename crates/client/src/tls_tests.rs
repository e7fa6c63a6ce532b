//! TLS against a real server: what is trusted, and how a refusal is told.
//!
//! Owns a server with a certificate of its own that answers REST calls or plays a stream.

use crate::testing::{Hold, delta, play, ready, worker};
use crate::{CertificatePin, Client, ClientOptions, Error, FollowOptions, RawFrame, RuntimeClient, SubscribeOptions};
use protocol::Code;
use rcgen::{CertifiedKey, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::version::{TLS12, TLS13};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

#[derive(Clone, Copy)]
enum Serves {
    Rest,
    Stream,
}

struct Encrypted {
    url: String,
    certificate: CertifiedKey<KeyPair>,
}

/// Serves over TLS, for `names`, whoever connects.
async fn encrypted(serves: Serves, names: &[&str], version: &'static rustls::SupportedProtocolVersion) -> Encrypted {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let certificate = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // one that does not trust the certificate goes away in the middle of this
                let Ok(tls) = acceptor.accept(tcp).await else { return };
                match serves {
                    Serves::Rest => answer(tls).await,
                    Serves::Stream => {
                        play(Box::new(tls), vec![delta("1"), ready("1"), Hold], &Mutex::default()).await;
                    }
                }
            });
        }
    });
    Encrypted { url, certificate }
}

async fn answer(mut tls: TlsStream<tokio::net::TcpStream>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = tls.read_u8().await else { return };
        head.push(byte);
    }
    let body = r#"{"runtimes":[]}"#;
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let _ = tls.write_all(answer.as_bytes()).await;
    let _ = tls.shutdown().await;
}

impl Encrypted {
    fn options(&self) -> ClientOptions {
        let mut options = ClientOptions::new(&self.url);
        options.timeouts.connect = Duration::from_secs(5);
        options.timeouts.request = Duration::from_secs(5);
        options
    }

    fn pinned(&self) -> ClientOptions {
        ClientOptions { pin: Some(CertificatePin::of(self.certificate.cert.der())), ..self.options() }
    }

    /// What becomes of the stream, or of a call.
    async fn asked(&self, serves: Serves, options: ClientOptions) -> Result<(), Error> {
        match serves {
            Serves::Rest => Client::new(options)?.runtimes().await.map(drop),
            Serves::Stream => {
                let client = RuntimeClient::direct(options)?;
                let mut subscription = client.subscribe(worker(), SubscribeOptions::default()).await?;
                let mut frames = Vec::new();
                subscription.receive(&mut frames).await?;
                assert!(matches!(&frames[0], RawFrame::Event { cursor, .. } if cursor == "1"), "{frames:?}");
                Ok(())
            }
        }
    }
}

#[tokio::test]
async fn a_pinned_certificate_is_enough_and_no_other_is_taken() {
    for version in [&TLS12, &TLS13] {
        for serves in [Serves::Rest, Serves::Stream] {
            // of another name than it is reached by, and of no authority
            let server = encrypted(serves, &["elsewhere.example"], version).await;
            server.asked(serves, server.pinned()).await.unwrap();
            let other = encrypted(serves, &["elsewhere.example"], version).await;
            let wrong = ClientOptions { pin: other.pinned().pin, ..server.options() };
            let error = server.asked(serves, wrong).await.unwrap_err();
            let Error::Tls { target, reason } = &error else { panic!("{error:?}") };
            assert!(server.url.ends_with(target.as_str()), "{target}");
            let found = CertificatePin::of(server.certificate.cert.der());
            let want = format!("the server's certificate is not the pinned one; its SHA-256 is {found}");
            assert_eq!(reason, &want);
            assert_eq!((error.code(), error.retryable()), (Code::RuntimeTlsFailed, false));
        }
    }
}

#[tokio::test]
async fn an_authority_is_enough_where_the_name_is_right() {
    for serves in [Serves::Rest, Serves::Stream] {
        let server = encrypted(serves, &["127.0.0.1"], &TLS13).await;
        let trusting = |server: &Encrypted| ClientOptions {
            ca: Some(server.certificate.cert.pem().into_bytes()),
            ..server.options()
        };
        server.asked(serves, trusting(&server)).await.unwrap();
        let misnamed = encrypted(serves, &["elsewhere.example"], &TLS13).await;
        let stranger = encrypted(serves, &["127.0.0.1"], &TLS13).await;
        let unknown = ClientOptions { ca: trusting(&stranger).ca, ..server.options() };
        for (asked, options) in [(&misnamed, trusting(&misnamed)), (&server, unknown)] {
            let error = asked.asked(serves, options).await.unwrap_err();
            assert!(matches!(&error, Error::Tls { reason, .. } if reason.contains("certificate")), "{error:?}");
        }
    }
}

#[tokio::test]
async fn what_speaks_no_tls_is_told_as_tls_and_what_is_away_is_not() {
    for serves in [Serves::Rest, Serves::Stream] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let plain = tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            tcp.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            let _ = tcp.read_to_end(&mut Vec::new()).await;
        });
        let server = Encrypted { url, certificate: rcgen::generate_simple_self_signed(["x".to_owned()]).unwrap() };
        let error = server.asked(serves, server.pinned()).await.unwrap_err();
        assert!(matches!(error, Error::Tls { .. }), "{error:?}");
        // nobody listens any more
        plain.await.unwrap();
        let error = server.asked(serves, server.pinned()).await.unwrap_err();
        assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_stream_that_must_not_be_trusted_ends() {
    let server = encrypted(Serves::Stream, &["127.0.0.1"], &TLS13).await;
    let wrong = ClientOptions { pin: Some(CertificatePin::of(b"another")), ..server.options() };
    let first = crate::First::Retry;
    let client = RuntimeClient::direct(wrong).unwrap();
    let mut follow = client.follow(worker(), FollowOptions { first, ..FollowOptions::default() });
    assert!(matches!(follow.next().await, Some(Err(Error::Tls { .. }))));
    assert!(follow.next().await.is_none());
}
