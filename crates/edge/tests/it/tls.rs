//! Connections over TLS.

use crate::support::{exchange, options, serve, soon};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use yoi_edge::{Options, Tls};

fn made() -> (Tls, TlsConnector) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let tls = Tls::from_pem(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes()).unwrap();
    (tls, client(made.cert.der().clone()))
}

fn client(certificate: CertificateDer<'static>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

#[tokio::test]
async fn is_told_to_handlers_and_silence_holds_nobody_up() {
    let (tls, connector) = made();
    let served = serve(Options { tls: Some(tls), ..options() }).await;
    let silent = served.connect().await;
    let name = ServerName::try_from("localhost").unwrap();
    let stream = soon(connector.connect(name, served.connect().await)).await.unwrap();
    let reply = exchange(stream, "GET /peer HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
    assert!(reply.status == 200 && reply.body.contains("Tls") && reply.body.contains("127.0.0.1"), "{reply:?}");
    // nor is it waited for at the end
    served.cancel.cancel();
    assert_eq!(soon(served.running).await.unwrap().dropped_connections, 0);
    drop(silent);
}

#[tokio::test]
async fn a_handshake_has_its_time() {
    let (tls, _) = made();
    let handshake_timeout = Duration::from_millis(50);
    let served = serve(Options { tls: Some(tls), handshake_timeout, ..options() }).await;
    let mut silent = served.connect().await;
    let closed = tokio::time::timeout(Duration::from_secs(5), silent.read(&mut [0; 10])).await;
    assert_eq!(closed.expect("the default is 10 s").unwrap(), 0);
}
