//! The server over TLS.

use crate::http_support::{options, serve_with, soon};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use tokio_rustls::{TlsConnector, client::TlsStream};
use worker_runtime::server::Tls;

fn client(certificate: CertificateDer<'static>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsConnector::from(Arc::new(config))
}

#[tokio::test]
async fn speaks_tls_and_waits_for_nobody() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let tls = Tls::from_pem(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes()).unwrap();
    let mut options = options();
    options.tls = Some(tls);
    let served = serve_with(options).await;
    // neither a peer that says nothing nor one that speaks HTTP holds others up
    let silent = served.connect().await;
    served.exchange(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await;

    let connector = client(made.cert.der().clone());
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream: TlsStream<_> = soon(connector.connect(name, served.connect().await)).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut got = String::new();
    soon(stream.read_to_string(&mut got)).await.unwrap();
    assert!(got.starts_with("HTTP/1.1 200 OK"), "{got}");
    drop((silent, stream));
    served.cancel.cancel();
    assert!(soon(served.running).await.unwrap().is_clean());
}
