//! No client of a backend is sent where a runtime is, what it is shown, or what it keeps.
//!
//! Owns a workspace of real processes in which everything fails that can, a session of all kinds
//! of clients with it over a byte tap, and the search in every byte of it and in whatever the
//! command prints. `guard` is in every other test of a backend too.

mod fake;
pub mod guard;
pub mod scanner;
mod sealed;
mod session;
mod wiretap;

use crate::process::yoi;
use crate::profiles;
use crate::stage::{Place, Reached};
use crate::tap::Tap;
use crate::wait::until;
use protocol::WorkerId;
use scanner::Secrets;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use wiretap::Wiretap;
use yoi_client::{ClientOptions, RuntimeClient, Secret};

const TOKEN: &str = "hunter2-of-the-far-runtime-31c7";
const WRONG_TOKEN: &str = "hunter2-that-is-wrong-77aa";

/// A backend before which there is a tap, and every kind of runtime behind it.
struct Leaky {
    far: Place,
    backend: Place,
    keys: PathBuf,
    fake: SocketAddr,
    refusing: SocketAddr,
}

/// What is said of it, in `workspace.toml`.
fn table(id: &str, url: &str, token: Option<&str>) -> String {
    let token = token.map(|token| format!("token = {{ env = \"{token}\" }}\n")).unwrap_or_default();
    format!("[[runtimes]]\nid = \"{id}\"\nurl = \"{url}\"\n{token}connect_timeout = \"2s\"\nrequest_timeout = \"2s\"\n")
}

impl Leaky {
    fn new() -> Leaky {
        let all = format!("{}{}", profiles::stream(0), profiles::text_script("says", "env; pwd; ls -l /proc/self/fd"));
        let mut far = Place::runtime("far", &all);
        let token_file = far.home.path().join("token");
        std::fs::write(&token_file, TOKEN).unwrap();
        far.add_flags(&["--token-file", token_file.to_str().unwrap()]);
        let keys = far.home.path().join("keys-of-cursors");
        let fake = fake::start();
        let refusing = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let none: [Reached<'_>; 0] = [];
        let backend = Place::backend(&all, &none, &keys);
        let (at, folder) = (far.address, backend.home.path());
        for (name, token) in [("far", TOKEN), ("wrong", WRONG_TOKEN), ("fake", fake::TOKEN)] {
            std::fs::write(folder.join(name), token).unwrap();
        }
        let tables = [
            table("far", &format!("http://{at}"), Some("far")),
            table("down", &format!("http://{refusing}"), None),
            table("barred", &format!("http://{at}"), Some("wrong")),
            table("stranger", &format!("http://{at}"), Some("far")),
            table("tls", &format!("https://{at}"), Some("far")),
            table(fake::ID, &format!("http://{fake}{}", fake::BASE), Some("fake")),
        ];
        let tables = tables.concat().replace("env = \"", "file = \"");
        std::fs::write(folder.join("workspace.toml"), tables).unwrap();
        Leaky { far, backend, keys, fake, refusing }
    }

    /// What no client may be sent.
    fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.add_address("the address of the far runtime", self.far.address);
        secrets.add_address("the address of the fake runtime", self.fake);
        secrets.add_address("the address where nobody is", self.refusing);
        for (what, token) in [("the token", TOKEN), ("the wrong token", WRONG_TOKEN), ("the fake's token", fake::TOKEN)]
        {
            secrets.add(what, token);
        }
        secrets.add("the path of the fake's URL", fake::BASE);
        secrets.add("the fake's cursor", fake::CURSOR);
        for (what, place) in [("the far runtime's folder", &self.far), ("the backend's folder", &self.backend)] {
            // the working folder of a worker is told, and is below neither's store
            secrets.add_store(what, &place.home.store());
            secrets.add(what, place.home.path().join("runtime.toml").to_str().unwrap());
        }
        secrets.add_keys(&self.keys);
        secrets
    }

    /// A client of the far runtime itself.
    fn direct(&self) -> RuntimeClient {
        let mut options = ClientOptions::new(format!("http://{}", self.far.address));
        options.token = Some(Secret::new(TOKEN).unwrap());
        RuntimeClient::direct(options).unwrap()
    }
}

/// The cursors of everything that a runtime's workers said, by the runtime's own stream.
async fn cursors(address: SocketAddr, token: Option<&str>, client: &RuntimeClient) -> Vec<String> {
    let list = client.workers(&Default::default(), &Default::default()).await.unwrap();
    let mut all = Vec::new();
    for worker in list.workers {
        all.extend(worker.cursor);
        let mut tap = Tap::connect_with(address, worker.worker.worker_id, "", token).await.unwrap();
        all.extend(tap.up_to_ready().await.into_iter().map(|told| told.cursor));
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaks_backend() {
    let mut leaky = Leaky::new();
    leaky.far.start();
    leaky.backend.start();
    let tap = Wiretap::before(leaky.backend.listens);
    let mut session = session::Session::new(&tap);
    // while they speak, their own cursors are collected
    let mut own = Vec::new();
    let watched = session.work().await;
    let direct = leaky.direct();
    for (runtime, worker) in &watched {
        if runtime == "far" {
            own.extend(follow(leaky.far.address, *worker).await);
        }
    }
    session.everything();
    session.commands();
    own.extend(cursors(leaky.far.address, Some(TOKEN), &direct).await);

    // the runtime dies while people watch, and is back with another token
    let watching = session.watching();
    leaky.far.kill();
    session.everything();
    session.commands();
    std::fs::write(leaky.far.home.path().join("token"), "another-token-than-before").unwrap();
    leaky.far.start();
    session.everything();
    // and the backend says goodbye
    assert!(leaky.backend.end().success(), "it ends as it should");
    session.heard_the_end(watching);

    // the embedded runtime's own cursors, from its store
    let embedded = leaky.backend.serve_store();
    own.extend(cursors(embedded.address, None, &embedded.client()).await);
    let mut secrets = leaky.secrets();
    assert!(own.len() > 20, "{}", own.len());
    for cursor in &own {
        secrets.add("a runtime's cursor", cursor);
    }

    let heard = tap.heard();
    let bytes: usize = heard.iter().map(Vec::len).sum();
    println!("{} connections, {bytes} bytes, {} commands, {} cursors", heard.len(), session.printed.len(), own.len());
    assert!(heard.len() > 300 && bytes > 100_000 && session.printed.len() >= 20, "{} {bytes}", heard.len());
    tap.assert_clean(&secrets);
    for (command, printed) in &session.printed {
        let found = secrets.in_text(printed);
        assert!(found.is_empty(), "`{command}` printed {found:#?}");
    }
    // all of it was there to be told
    let text: Vec<u8> = heard.concat();
    let text = String::from_utf8_lossy(&text);
    for code in [
        "runtime_unavailable",
        "runtime_auth_failed",
        "runtime_protocol_error",
        "runtime_tls_failed",
        "worker_busy",
        "worker_not_found",
        "going_away",
        "cursor_unknown",
        "YOI_WORKER_ID=",
    ] {
        assert!(text.contains(code), "nobody was told {code}");
    }
    // and the search finds what is said by a worker, for all that the tap lets through
    planted(&secrets).await;
}

/// The cursors that come while a worker speaks.
async fn follow(address: SocketAddr, worker: WorkerId) -> Vec<String> {
    let mut tap = Tap::connect_with(address, worker, "", Some(TOKEN)).await.unwrap();
    tap.up_to_ready().await.into_iter().map(|told| told.cursor).collect()
}

/// A worker that says a secret is found out, over each kind of connection and by each command.
async fn planted(secrets: &Secrets) {
    let none: [Reached<'_>; 0] = [];
    let keys = tempfile::tempdir().unwrap();
    let mut backend = Place::backend("", &none, &keys.path().join("keys"));
    backend.start();
    let tap = Wiretap::before(backend.listens);
    let mut session = session::Session::new(&tap);
    let worker = session.planted(TOKEN).await;
    let before = tap.heard().len();
    for path in ["/events/ws", "/events", "/transcript"] {
        session.ask_for(&format!("/api/runtimes/local/workers/{worker}{path}"));
    }
    session.compressed(&format!("/api/runtimes/local/workers/{worker}/events/ws"));
    let heard = until("all is heard", || Some(tap.heard()).filter(|heard| heard.len() >= before + 4));
    for bytes in &heard[before..before + 4] {
        let found = secrets.in_connection(bytes);
        assert!(found.iter().any(|found| found.starts_with("the token")), "{}", String::from_utf8_lossy(bytes));
    }
    let mut command = yoi(&["watch", &worker.to_string(), "--until-idle"]);
    let output = command.env("YOI_URL", tap.url()).output().unwrap();
    assert!(!secrets.in_text(&output.stdout).is_empty(), "{output:?}");
}
