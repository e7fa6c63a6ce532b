//! A client as a process.
//!
//! Owns its start, what it says and its end. Says what to do where it is not installed.

use crate::wait::DEADLINE;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};

/// Where the programs are.
const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/foreign");
/// Where `scripts/setup-tests` puts what they need.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/foreign");
/// What to do where something is missing.
const HINT: &str = "hint: run scripts/setup-tests";

/// What a client is given.
#[derive(Serialize)]
pub struct Job {
    /// The stream to follow.
    pub url: String,
    /// The stream of a worker that does not exist.
    pub nowhere: String,
    /// What every request carries.
    pub headers: BTreeMap<String, String>,
    /// The token in them, for those who cannot set headers, or have another way.
    pub token: Option<String>,
}

/// A client.
pub struct Program {
    command: PathBuf,
    flags: Vec<String>,
    script: PathBuf,
}

impl Program {
    /// A script of Python's.
    pub fn python(script: &str) -> Program {
        Program::new(Path::new(INSTALLED).join("venv/bin/python"), &[], script)
    }

    /// A script of Node's.
    pub fn node(script: &str, flags: &[&str]) -> Program {
        let modules = Path::new(INSTALLED).join("node_modules/ws");
        assert!(modules.exists(), "there is no {}\n{HINT}", modules.display());
        Program::new("node".into(), flags, script)
    }

    /// A script of Node's that drives Chromium.
    pub fn chromium(script: &str) -> Program {
        let version = Command::new("chromium").arg("--version").output();
        assert!(version.is_ok_and(|version| version.status.success()), "there is no chromium\n{HINT}");
        Program::node(script, &[])
    }

    fn new(command: PathBuf, flags: &[&str], script: &str) -> Program {
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        Program { command, flags, script: Path::new(PROGRAMS).join(script) }
    }

    /// Starts it.
    pub fn start(&self, job: &Job) -> Running {
        let mut command = Command::new(&self.command);
        command.args(&self.flags).arg(&self.script).arg(serde_json::to_string(job).unwrap()).arg(INSTALLED);
        // nothing between it and the server
        for proxy in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(proxy);
        }
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|e| panic!("{} does not start: {e}\n{HINT}", self.command.display()));
        let stdout = child.stdout.take().unwrap();
        let (said, lines) = sync_channel(8);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if said.send(line).is_err() {
                    return;
                }
            }
        });
        Running { child, lines }
    }
}

/// A client that runs. Dropping it kills it.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// Waits until it follows.
    pub fn wait_for_ready(&mut self) {
        assert_eq!(self.line(), "ready");
    }

    /// Waits until it is done; what it got.
    pub fn finish<T: DeserializeOwned>(&mut self) -> T {
        let line = self.line();
        let got = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(self.child.wait().unwrap().success());
        got
    }

    fn line(&mut self) -> String {
        self.lines
            .recv_timeout(DEADLINE)
            .unwrap_or_else(|_| panic!("said nothing for {DEADLINE:?}, or ended: {:?}\n{HINT}", self.child.try_wait()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
