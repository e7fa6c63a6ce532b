//! Every system test is a search for leaks.
//!
//! Owns what no client of one backend may be sent, and that all its clients are: whatever a test has
//! them do, everything that came is searched when its connection ends, and the test fails where
//! anything is found.

use super::scanner::Secrets;
use super::wiretap::Wiretap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Where what no client may be sent is found.
#[derive(Clone, Debug, Default)]
pub struct Hidden {
    /// Where runtimes listen.
    pub addresses: Vec<SocketAddr>,
    /// Tokens of runtimes.
    pub tokens: Vec<String>,
    /// Stores of runtimes, the backend's own included.
    pub stores: Vec<PathBuf>,
    /// The file of the backend's keys.
    pub keys: Option<PathBuf>,
}

impl Hidden {
    /// All of it, as far as it is there by now.
    pub fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        for address in &self.addresses {
            secrets.add_address("the address of a runtime", *address);
        }
        for token in &self.tokens {
            secrets.add("a runtime's token", token);
        }
        for store in &self.stores {
            secrets.add_store("the store of a runtime", store);
        }
        if let Some(keys) = &self.keys {
            secrets.add_keys(keys);
        }
        secrets
    }
}

/// Listens to what clients are sent. Dropped, it fails the test where that was too much.
pub struct Guard {
    tap: Wiretap,
    hidden: Hidden,
    found: Arc<Mutex<Vec<String>>>,
    searched: Arc<AtomicU64>,
}

impl Guard {
    /// In front of a server, on a port of its own.
    pub fn before(server: SocketAddr, hidden: Hidden) -> Guard {
        let (found, searched) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicU64>::default());
        let (all, count, places) = (Arc::clone(&found), Arc::clone(&searched), hidden.clone());
        let tap = Wiretap::searching(server, move |bytes| {
            count.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            let leaks = places.secrets().in_connection(bytes);
            if !leaks.is_empty() {
                let begin = String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).into_owned();
                all.lock().unwrap().push(format!("{leaks:#?}\non the connection that begins {begin}"));
            }
        });
        Guard { tap, hidden, found, searched }
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.tap.address
    }

    /// Searches what was heard elsewhere: a text, frame by frame or whole.
    pub fn assert_clean(&self, text: &[u8]) {
        let found = self.hidden.secrets().in_connection(text);
        assert!(found.is_empty(), "clients were sent {found:#?}");
    }

    /// Searches what came until now, and says what was found and how many bytes it was.
    pub fn search(&self) -> (Vec<String>, u64) {
        self.tap.search();
        (std::mem::take(&mut self.found.lock().unwrap()), self.searched.load(Ordering::Relaxed))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let there = self.hidden.stores.iter().all(|store| store.parent().is_some_and(std::path::Path::exists));
        assert!(there, "the folders are gone before it was known what must not be told");
        let (found, _) = self.search();
        assert!(found.is_empty(), "clients were sent {}", found.join("\n"));
    }
}

#[test]
fn leaks_backend_guard_hears_what_is_said_and_knows_when() {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let hidden = Hidden { tokens: vec!["hunter2-of-somebody".into()], ..Hidden::default() };
    let guard = Guard::before(server.local_addr().unwrap(), hidden);
    let say = |text: &str, ends: bool| {
        let mut client = TcpStream::connect(guard.address()).unwrap();
        let mut served = server.accept().unwrap().0;
        served.write_all(text.as_bytes()).unwrap();
        let mut heard = vec![0; text.len()];
        client.read_exact(&mut heard).unwrap();
        if ends {
            drop(served);
            assert_eq!(client.read(&mut heard).unwrap(), 0);
            return None;
        }
        Some((client, served))
    };
    say("nothing", true);
    assert_eq!(guard.search(), (vec![], 7));
    // on a connection that ended, and on one that goes on
    say("it is hunter2-of-somebody, so", true);
    let open = say("it is hunter2-of-somebody, too", false);
    let (found, bytes) = guard.search();
    assert_eq!((found.len(), bytes), (2, 7 + 29 + 30), "{found:?}");
    drop(open);
    assert_eq!(guard.search(), (vec![], 66), "once");
    say("and hunter2-of-somebody at the end", true);
    let failed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(guard)));
    assert!(failed.is_err(), "the test that it guards did not fail");
}
