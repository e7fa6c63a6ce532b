//! Accepting connections.
//!
//! Owns the accept loop: its bound, its patience with the operating system, and the TLS
//! handshake, which happens off the loop. Must not know what is served.

use crate::metric_definitions::{CONNECTIONS, REFUSED};
use crate::{PROBLEM_JSON, Peer, Service, Transport};
use protocol::{Code, Problem};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// The first pause after the operating system would not accept, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// An open connection, for as long as this lives.
struct Open(#[expect(dead_code, reason = "held for its place in the bound")] OwnedSemaphorePermit);

impl Open {
    fn new(permit: OwnedSemaphorePermit) -> Open {
        metrics::gauge!(CONNECTIONS).increment(1.0);
        Open(permit)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!(CONNECTIONS).decrement(1.0);
    }
}

/// Accepts until `cancel` is cancelled; the connections that are open then go on in what it
/// returns.
pub(crate) async fn accept(listener: TcpListener, service: &Service, cancel: &CancellationToken) -> JoinSet<()> {
    let options = service.options();
    let places = Arc::new(Semaphore::new(options.max_connections.min(Semaphore::MAX_PERMITS)));
    let mut connections = JoinSet::new();
    let mut pause = PAUSE.0;
    loop {
        let accepted = tokio::select! {
            biased;
            () = cancel.cancelled() => return connections,
            Some(ended) = connections.join_next() => {
                if let Err(e) = ended && e.is_panic() {
                    tracing::error!("a connection's task panicked");
                }
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            // the peer was gone before it was accepted
            Err(e) if is_of_one_connection(&e) => continue,
            Err(error) => {
                metrics::counter!(REFUSED, "reason" => "accept").increment(1);
                tracing::error!(%error, "connections cannot be accepted now");
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = sleep(pause) => pause = (pause * 2).min(PAUSE.1),
                }
                continue;
            }
        };
        pause = PAUSE.0;
        let Ok(permit) = Arc::clone(&places).try_acquire_owned() else {
            metrics::counter!(REFUSED, "reason" => "full").increment(1);
            turn_away(stream, options.tls.is_none(), options.max_connections);
            continue;
        };
        // a write leaves at once: frames are small and gathered by whoever writes them
        let _ = stream.set_nodelay(true);
        connections.spawn(serve(service.clone(), stream, address, Open::new(permit)));
    }
}

async fn serve(service: Service, stream: TcpStream, address: SocketAddr, _open: Open) {
    let options = service.options();
    let through = |transport| Peer { address: Some(address), transport };
    let Some(tls) = &options.tls else { return service.serve_connection(stream, through(Transport::Plain)).await };
    let handshake = tls.acceptor().accept(stream);
    let handshake = tokio::select! {
        () = service.closing().cancelled() => return,
        handshake = timeout(options.handshake_timeout, handshake) => handshake,
    };
    match handshake {
        Ok(Ok(stream)) => service.serve_connection(stream, through(Transport::Tls)).await,
        Ok(Err(error)) => {
            metrics::counter!(REFUSED, "reason" => "tls").increment(1);
            tracing::debug!(%error, "a TLS handshake failed");
        }
        Err(_) => metrics::counter!(REFUSED, "reason" => "tls").increment(1),
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Says that there are enough, as far as the peer takes it at once.
fn turn_away(stream: TcpStream, is_plain: bool, max: usize) {
    if !is_plain {
        return;
    }
    let problem = Problem::new(Code::Overloaded, format!("this server takes {max} connections")).retry_after(1_000);
    let json = serde_json::to_string(&problem).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: {PROBLEM_JSON}\r\ncontent-length: {}\r\nretry-after: 1\r\nconnection: close\r\n\r\n",
        json.len()
    );
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(json.as_bytes()));
    }
}
