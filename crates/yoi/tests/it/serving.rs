//! A runtime as a process of its own: `yoi runtime serve`, in a folder of its own.
//!
//! Owns the folder, the configuration in it, the process and its end. Nothing of it outlives the
//! test, but the folder of one that fails.

use crate::process::yoi;
use crate::wait::{DEADLINE, until};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use yoi_client::{ClientOptions, RuntimeClient, Secret};

/// A folder with a configuration and a store. Kept where the test fails.
pub struct Home {
    folder: Option<TempDir>,
}

impl Home {
    /// A folder whose `runtime.toml` holds these lines.
    pub fn new(config: &str) -> Home {
        let home = Home { folder: Some(TempDir::with_prefix("yoi-it-").unwrap()) };
        home.configure(config);
        home
    }

    /// Replaces what is in `runtime.toml`.
    pub fn configure(&self, config: &str) {
        std::fs::write(self.config(), config).unwrap();
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.path().join("runtime.toml")
    }

    /// The store's folder.
    pub fn store(&self) -> PathBuf {
        self.path().join("store")
    }

    /// The command that serves this folder's store with its configuration.
    pub fn command(&self, listen: &str, more: &[&str]) -> Command {
        let mut command = self.command_at(listen, &self.store());
        command.args(more);
        command
    }

    /// The same, of a store somewhere else.
    pub fn command_at(&self, listen: &str, store: &Path) -> Command {
        let mut command = yoi(&["runtime", "serve", "--listen", listen]);
        command.arg("--config").arg(self.config()).arg("--store").arg(store);
        command.current_dir(self.path()).env("PATH", "/usr/bin:/bin").env("HOME", self.path());
        command
    }

    /// Serves it on a free port.
    pub fn serve(&self, more: &[&str]) -> Serving {
        Serving::start(&mut self.command("127.0.0.1:0", more))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let (true, Some(folder)) = (std::thread::panicking(), self.folder.take()) {
            eprintln!("the folder is kept: {}", folder.keep().display());
        }
    }
}

/// What a process has written to its standard error so far.
#[derive(Clone, Default)]
pub struct Heard {
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: Arc<AtomicBool>,
}

impl Heard {
    /// As text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }

    /// All of it, once the process has ended.
    fn whole(&self) -> String {
        until("its standard error ends", || self.ended.load(Ordering::Acquire).then_some(()));
        self.text()
    }

    fn listen(&self, mut pipe: impl Read + Send + 'static) {
        let heard = self.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = pipe.read(&mut buffer) {
                heard.bytes.lock().unwrap().extend_from_slice(&buffer[..n]);
            }
            heard.ended.store(true, Ordering::Release);
        });
    }
}

/// A runtime that serves. Dropping it kills it.
pub struct Serving {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its standard error.
    pub stderr: Heard,
}

impl Serving {
    /// Starts a command that serves, and waits until it says where.
    pub fn start(command: &mut Command) -> Serving {
        match Serving::try_start(command) {
            Ok(serving) => serving,
            Err((status, stderr)) => panic!("does not serve: {status}\n{stderr}"),
        }
    }

    /// The same, where it may refuse to: its exit status and what it said.
    pub fn try_start(command: &mut Command) -> Result<Serving, (ExitStatus, String)> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = Heard::default();
        let complaint = child.stderr.take().unwrap();
        stderr.listen(complaint);
        let (said, line) = sync_channel(1);
        let stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || tell_address(stdout, &said));
        // dropped, it kills the process: no way out of here leaves one
        let mut serving = Serving { child, address: ([127, 0, 0, 1], 0).into(), stderr };
        match line.recv_timeout(DEADLINE) {
            Ok(address) => {
                serving.address = address;
                Ok(serving)
            }
            Err(_) => {
                let status = serving.exit(Duration::from_secs(10));
                Err((status, serving.stderr.whole()))
            }
        }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client of it.
    pub fn client(&self) -> RuntimeClient {
        self.client_with(None)
    }

    /// A client of it, with a token.
    pub fn client_with(&self, token: Option<&str>) -> RuntimeClient {
        let mut options = ClientOptions::new(self.url());
        options.token = token.map(|token| Secret::new(token).unwrap());
        RuntimeClient::direct(options).unwrap()
    }

    /// `yoi` with these arguments, talking to it.
    pub fn yoi(&self, args: &[&str]) -> Command {
        let mut command = yoi(args);
        command.env("YOI_URL", self.url());
        command
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Kills it, as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended by itself.
    pub fn exit(&mut self, within: Duration) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < within, "has not ended in {within:?}\n{}", self.stderr.text());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Ends it as an operator does, and waits.
    pub fn end(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.exit(Duration::from_secs(20))
    }

    /// A line of `/proc/<pid>/status`, in KiB.
    pub fn memory_kib(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.pid().as_raw_nonzero());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let text = self.stderr.text();
            let from = text.len().saturating_sub(4000);
            let from = (from..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            eprintln!("the end of the runtime's standard error:\n{}", &text[from..]);
        }
    }
}

/// Reads until the line that says where it listens, then whatever follows, so that it never blocks.
fn tell_address(stdout: impl Read, said: &SyncSender<SocketAddr>) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        if let Some((_, address)) = line.split_once("listening on http://")
            && let Ok(address) = address.trim().trim_end_matches('/').parse()
        {
            let _ = said.try_send(address);
        }
    }
}

/// Waits until nothing listens there.
pub fn wait_until_free(address: SocketAddr) {
    until("the port is free", || std::net::TcpListener::bind(address).ok());
}
