//! What clients are sent, byte for byte.
//!
//! Owns a port in front of a server, and everything that comes from there: status lines, headers,
//! bodies, frames and close reasons, whichever client asks. What clients say is passed on unread.
//! What came is kept, or searched at the end of its connection and then forgotten.

use super::scanner::Secrets;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What came over one connection.
type Heard = Arc<Mutex<Vec<u8>>>;
/// What is done with it at its end.
type Search = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// A port in front of a server. It passes on as long as the test runs.
pub struct Wiretap {
    /// Where clients connect.
    pub address: SocketAddr,
    heard: Arc<Mutex<Vec<Heard>>>,
    search: Option<Search>,
}

impl Wiretap {
    /// In front of `server`, on a port of its own. Any client of any test may be pointed at it.
    pub fn before(server: SocketAddr) -> Wiretap {
        Wiretap::new(server, None)
    }

    /// The same; what came over a connection is given to `search` once it ends, and then forgotten.
    pub fn searching(server: SocketAddr, search: impl Fn(&[u8]) + Send + Sync + 'static) -> Wiretap {
        Wiretap::new(server, Some(Arc::new(search)))
    }

    fn new(server: SocketAddr, search: Option<Search>) -> Wiretap {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let (all, searching) = (Arc::clone(&heard), search.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(server) = TcpStream::connect(server) else { continue };
                let heard = Heard::default();
                {
                    let mut all = all.lock().unwrap();
                    // those that are over and searched
                    all.retain(|heard| searching.is_none() || Arc::strong_count(heard) > 1);
                    all.push(Arc::clone(&heard));
                }
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || pass(from, to, None));
                let searching = searching.clone();
                std::thread::spawn(move || {
                    pass(server, client, Some(&heard));
                    if let Some(search) = searching {
                        search_in(&heard, &search);
                    }
                });
            }
        });
        Wiretap { address, heard, search }
    }

    /// Searches what has come over connections that go on.
    pub fn search(&self) {
        let Some(search) = &self.search else { return };
        let all = self.heard.lock().unwrap().clone();
        all.iter().for_each(|heard| search_in(heard, search));
    }

    /// The URL of the server, as clients know it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came over each connection so far.
    pub fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.lock().unwrap().iter().map(|heard| heard.lock().unwrap().clone()).collect()
    }

    /// Panics where a client was sent anything that it may not know.
    pub fn assert_clean(&self, secrets: &Secrets) {
        for bytes in self.heard() {
            let found = secrets.in_connection(&bytes);
            let begin = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
            assert!(found.is_empty(), "a client was sent {found:#?}\non the connection that begins {begin}");
        }
    }
}

/// Whoever comes meanwhile waits: once this returns, what came before has been searched.
fn search_in(heard: &Heard, search: &Search) {
    let mut bytes = heard.lock().unwrap();
    if !bytes.is_empty() {
        search(&bytes);
        *bytes = Vec::new();
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, heard: Option<&Heard>) {
    let mut buffer = [0; 64 << 10];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        if let Some(heard) = heard {
            heard.lock().unwrap().extend_from_slice(&buffer[..n]);
        }
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
    if heard.is_some() {
        let _ = from.shutdown(Shutdown::Both);
    }
}
