//! `yoi serve` as a process of its own, in a folder of its own.
//!
//! Owns the process, what it says, and its end. The program is the one beside this test's, as
//! `cargo build` made it.

use super::stage::{Reply, ask};
use crate::support::DEADLINE;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use yoi_access::TokenHash;

/// `yoi`, beside this test's program.
fn program() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let program = here.parent().and_then(Path::parent).unwrap().join("yoi");
    assert!(program.exists(), "{} is not there: `cargo build -p yoi` makes it", program.display());
    program
}

/// A folder with a configuration, and no process yet.
pub struct Home(TempDir);

impl Home {
    /// A folder whose `workspace.toml` holds these lines; the embedded runtime keeps nothing.
    pub fn new(config: &str) -> Home {
        let home = Home(TempDir::with_prefix("yoi-access-").unwrap());
        std::fs::create_dir(home.path().join(".yoi")).unwrap();
        std::fs::write(home.path().join(".yoi/runtime.toml"), "store = \"memory\"\n").unwrap();
        home.configure(config);
        home
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A file of it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes another configuration.
    pub fn configure(&self, config: &str) {
        // not in two steps: it is read at any time
        let part = self.file(".yoi/part");
        std::fs::write(&part, config).unwrap();
        std::fs::rename(part, self.file(".yoi/workspace.toml")).unwrap();
    }

    /// Writes a file that only its owner reads.
    pub fn keep_secret(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        for path in [self.file(name), self.file(".yoi").join(name)] {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    /// `yoi serve` with these flags, in an environment that holds nothing of the machine's.
    pub fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.arg("serve").args(more).current_dir(self.path()).env_clear().env("HOME", self.path());
        command
    }

    /// Serves it, on a free port.
    pub fn serve(&self) -> Process {
        start(&mut self.command(&["--listen", "127.0.0.1:0"]))
    }

    /// What serving it with these flags ends with, at once: its status and its words.
    pub fn refused(&self, more: &[&str]) -> (Option<i32>, String) {
        let mut process = Process::start_unready(&mut self.command(more));
        let status = process.ended();
        (status.code(), process.said())
    }
}

/// The lines of a principal.
pub fn principal(name: &str, role: &str, token: &str, more: &str) -> String {
    let hash = TokenHash::of(token.as_bytes());
    format!("[[principals]]\nname = \"{name}\"\nrole = \"{role}\"\ntoken_hash = \"{hash}\"\n{more}\n")
}

/// Starts a process, and waits until it listens.
pub fn start(command: &mut Command) -> Process {
    Process::started(command)
}

/// A process that serves.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    said: Arc<Mutex<String>>,
    first: Receiver<String>,
}

impl Process {
    fn start_unready(command: &mut Command) -> Process {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::<Mutex<String>>::default();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (sender, first) = sync_channel(1);
        std::thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            let mut line = String::new();
            let _ = stdout.read_line(&mut line);
            let _ = sender.send(line);
            let _ = stdout.read_to_string(&mut String::new());
        });
        let written = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                written.lock().unwrap().push_str(&format!("{line}\n"));
            }
        });
        Process { child, address: ([127, 0, 0, 1], 0).into(), said, first }
    }

    fn started(command: &mut Command) -> Process {
        let mut process = Process::start_unready(command);
        let line = process.first.recv_timeout(DEADLINE).unwrap();
        let address = line.trim().rsplit("//").next().unwrap().parse();
        process.address = address.unwrap_or_else(|_| panic!("{line:?}: {}", process.said()));
        process
    }

    /// What it has said to standard error so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it has said this after the first `from` bytes.
    pub async fn says(&self, from: usize, words: &str) {
        let since = Instant::now();
        while !self.said()[from..].contains(words) {
            assert!(since.elapsed() < DEADLINE, "{words:?} was not said: {}", self.said());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Has it read its configuration again, and waits for these words about it.
    pub async fn reload(&self, words: &str) {
        let from = self.said().len();
        self.signal(Signal::HUP);
        self.says(from, words).await;
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> ExitStatus {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // what it said last is still being read
                std::thread::sleep(Duration::from_millis(100));
                return status;
            }
            assert!(since.elapsed() < DEADLINE, "it goes on: {}", self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Asks it, with a token where that is not empty.
    pub async fn ask(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
        let bearer = format!("Bearer {token}");
        let shown = [("authorization", &*bearer)];
        let shown = if token.is_empty() { &shown[..0] } else { &shown[..] };
        ask(self.address, method, path, shown, body).await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the process said\n{}", self.said());
        }
    }
}
