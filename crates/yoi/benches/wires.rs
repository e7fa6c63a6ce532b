//! What a delivery costs a backend by the wire it goes over (plain, compressed, through TLS), and how
//! late it is for those who read while others do not.
//!
//! Owns a server as a process of its own, its watchers, and the ratios, measured in turns. It is its
//! own worker's program, too, and says when it said what. `benches/README.md` says what came of it.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a bench that cannot begin has nothing to measure")]

use protocol::api::{CreateWorker, SendInput};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use yoi_client::{Client, ClientOptions};

/// How many watch.
const WATCHERS: usize = 200;
/// How many of them do not read, where some do not.
const STALLED: usize = WATCHERS / 5;
/// How many deltas come in a round, and how long after each other.
const DELTAS: usize = 600;
const PACE: Duration = Duration::from_millis(5);
/// How often each wire has its turn.
const ROUNDS: usize = 3;
/// About what a delta of a model's answer has.
const TEXT: &str = "the quick brown fox reads one more token and writes it down, and then it says what it has read to \
                    whoever listens, which is a few hundred people by now, and more of them come all the time";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Plain,
    Deflate,
    Tls,
    /// Plain, and a fifth of the watchers do not read.
    Stalled,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    /// Microseconds of the server's for a delivery.
    micros: f64,
    /// Bytes of one.
    bytes: f64,
    /// In milliseconds, how late 99 of 100 deliveries were at the most.
    late: f64,
}

/// Nanoseconds of the system's clock.
#[expect(clippy::disallowed_methods, reason = "two processes have no other clock in common")]
fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock that is set");
    u64::try_from(since.as_nanos()).expect("this century")
}

/// The worker's program: says deltas with their time.
fn feed() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("an input");
    println!(r#"{{"type":"block_started","block_id":"b","kind":"text"}}"#);
    for n in 0..DELTAS {
        println!(r#"{{"type":"block_delta","block_id":"b","text":"{n} t{}# {TEXT}"}}"#, now());
        std::thread::sleep(PACE);
    }
    println!(r#"{{"type":"block_finished","block_id":"b"}}"#);
}

struct Server {
    child: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(wire: Wire, certificate: &Path, key: &Path) -> Server {
        let folder = tempfile::tempdir().expect("a folder");
        let program = std::env::current_exe().expect("this program");
        let profile = format!(
            "[profiles.feed]\nexecutor = \"process\"\nmode = \"json-lines\"\ncommand = [\"{}\", \"feed\"]\n",
            program.display()
        );
        std::fs::write(folder.path().join("runtime.toml"), profile).expect("a configuration");
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|l| l.local_addr()).expect("a port");
        let mut command = Command::new(env!("CARGO_BIN_EXE_yoi"));
        command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(folder.path());
        command.args(["serve", "--config", "/dev/null", "--runtime-config", "runtime.toml", "--store", "store"]);
        command.args(["--cursor-keys", "keys", "--audit", "off", "--log-level", "error", "--listen"]);
        command.arg(address.to_string());
        if wire == Wire::Tls {
            command.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().expect("yoi serve");
        Server { child, address, folder }
    }

    /// The time that its threads have spent, in nanoseconds.
    fn spent(&self) -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("its threads");
        let of = |task: std::fs::DirEntry| {
            let stat = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            stat.split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok()).unwrap_or(0)
        };
        tasks.filter_map(Result::ok).map(of).sum()
    }
}

/// Opens a stream and reads it to no end; what it says is not looked at.
async fn watch<S: AsyncRead + AsyncWrite + Unpin>(mut socket: S, path: &str, wire: Wire) -> S {
    let extension = if wire == Wire::Deflate { "sec-websocket-extensions: permessage-deflate\r\n" } else { "" };
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         {extension}sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.expect("a request");
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        assert!(socket.read_buf(&mut head).await.expect("an answer") > 0);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    assert_eq!(head.contains("permessage-deflate"), wire == Wire::Deflate, "{head}");
    socket
}

/// Reads to the end: how many bytes, and how late each delta was, where that can be read.
async fn read<S: AsyncRead + Unpin>(mut socket: S) -> (u64, Vec<u64>) {
    let (mut buffer, mut rest, mut bytes, mut late) = (vec![0; 64 << 10], Vec::new(), 0, Vec::new());
    while let Ok(n @ 1..) = socket.read(&mut buffer).await {
        let now = now();
        bytes += n as u64;
        rest.extend_from_slice(&buffer[..n]);
        let mut done = 0;
        while let Some(end) = rest[done..].iter().position(|b| *b == b'#').map(|at| at + done) {
            let begin = rest[done..end].iter().rposition(|b| *b == b't').map_or(end, |at| at + done + 1);
            let sent = std::str::from_utf8(&rest[begin..end]).ok().and_then(|digits| digits.parse::<u64>().ok());
            late.extend(sent.map(|sent| now.saturating_sub(sent)));
            done = end + 1;
        }
        // a time may be cut in two
        done = done.max(rest.len().saturating_sub(64));
        rest.drain(..done);
    }
    (bytes, late)
}

/// A round.
async fn round(wire: Wire, pem: &str, certificate: &Path, key: &Path) -> Cost {
    let mut server = Server::start(wire, certificate, key);
    let scheme = if wire == Wire::Tls { "https" } else { "http" };
    let mut options = ClientOptions::new(format!("{scheme}://localhost:{}", server.address.port()));
    if wire == Wire::Tls {
        options.ca = Some(pem.into());
    }
    let client = Client::new(options).expect("a client");
    let on = client.on(&"local".parse().expect("an id"));
    let worker = loop {
        let request = CreateWorker { profile: Some("feed".into()), ..CreateWorker::default() };
        match on.create(&request).await {
            Ok(created) => break created.worker.worker_id,
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    let path = format!("/api/runtimes/local/workers/{worker}/events/ws");
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(pem.as_bytes()).filter_map(Result::ok));
    let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let tls = TlsConnector::from(Arc::new(tls));
    let (mut reading, mut stalled) = (JoinSet::new(), Vec::new());
    for n in 0..WATCHERS {
        let socket = TcpSocket::new_v4().expect("a socket");
        let stalls = wire == Wire::Stalled && n % (WATCHERS / STALLED) == 0;
        if stalls {
            socket.set_recv_buffer_size(4096).expect("a small buffer");
        }
        let tcp = socket.connect(server.address).await.expect("a connection");
        if stalls {
            stalled.push(watch(tcp, &path, wire).await);
        } else if wire == Wire::Tls {
            let name = ServerName::try_from("localhost").expect("a name");
            let socket = tls.connect(name, tcp).await.expect("TLS");
            reading.spawn(read(watch(socket, &path, wire).await));
        } else {
            reading.spawn(read(watch(tcp, &path, wire).await));
        }
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = server.spent();
    let input = SendInput { content: vec![protocol::Part::text("go")], idempotency_key: None };
    on.input(worker, &input).await.expect("an input");
    while on.worker(worker).await.expect("a worker").run.is_some() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let spent = server.spent() - before;
    let _ = server.child.kill();
    let (mut bytes, mut late) = (0, Vec::new());
    while let Some(read) = reading.join_next().await {
        let (read, lateness) = read.expect("a reader");
        bytes += read;
        late.extend(lateness);
    }
    late.sort_unstable();
    let deliveries = ((WATCHERS - stalled.len()) * DELTAS) as f64;
    assert!(wire == Wire::Deflate || late.len() as f64 >= deliveries, "{} of {deliveries}", late.len());
    assert!(server.folder.path().exists());
    Cost {
        micros: spent as f64 / 1000.0 / deliveries,
        bytes: bytes as f64 / deliveries,
        late: late.get(late.len() * 99 / 100).map_or(f64::NAN, |nanos| *nanos as f64 / 1e6),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    if std::env::args().any(|arg| arg == "feed") {
        return feed();
    }
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let pem = made.cert.pem();
    std::fs::write(&certificate, &pem).expect("a certificate");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("a key");
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let wires = [Wire::Plain, Wire::Deflate, Wire::Tls, Wire::Stalled];
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push(wires.map(|wire| tokio.block_on(round(wire, &pem, &certificate, &key))));
    }
    println!(
        "{WATCHERS} watchers, {DELTAS} deltas {PACE:?} apart, medians of {ROUNDS} rounds, × plain in the same round"
    );
    println!("({STALLED} watchers of `Stalled` do not read; a delivery is one to those who do)");
    for (at, wire) in wires.into_iter().enumerate() {
        let of = |figure: fn(&Cost) -> f64| {
            let value = median(rounds.iter().map(|round| figure(&round[at])).collect());
            (value, median(rounds.iter().map(|round| figure(&round[at]) / figure(&round[0])).collect()))
        };
        let ((micros, ratio), (bytes, _), (late, later)) = (of(|c| c.micros), of(|c| c.bytes), of(|c| c.late));
        // what is compressed is not looked into
        let late = if late.is_nan() { "not read".to_owned() } else { format!("{late:.2} ms ({later:.2} ×)") };
        println!("{wire:?}: {micros:.2} µs of the server's a delivery ({ratio:.2} ×), {bytes:.0} bytes, p99 {late}");
    }
}
