//! What backends sent over raw sockets.
//!
//! Owns the bytes of every connection to a server that is listened to, until they are searched for
//! what no client may be sent. A port in between would end connections in its own way.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::sync::{Mutex, PoisonError};

/// By the server's port, and the client's.
type Heard = BTreeMap<u16, BTreeMap<u16, Vec<u8>>>;

static HEARD: Mutex<Heard> = Mutex::new(BTreeMap::new());

fn with<T>(use_: impl FnOnce(&mut Heard) -> T) -> T {
    use_(&mut HEARD.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Listens to a server from now on.
pub fn listen(port: u16) {
    with(|heard| heard.insert(port, BTreeMap::new()));
}

/// A client was sent this.
pub fn hear(tcp: &TcpStream, bytes: &[u8]) {
    let (Ok(server), Ok(client)) = (tcp.peer_addr(), tcp.local_addr()) else { return };
    with(|heard| {
        if let Some(connections) = heard.get_mut(&server.port()) {
            connections.entry(client.port()).or_default().extend_from_slice(bytes);
        }
    });
}

/// What came over each connection, at the end.
pub fn take(port: u16) -> Vec<Vec<u8>> {
    with(|heard| heard.remove(&port)).unwrap_or_default().into_values().collect()
}
