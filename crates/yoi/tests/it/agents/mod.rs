//! Agents as people have them: `yoi serve`, `yoi run`, `yoi profile` and the console.
//!
//! Owns the workspace that they run in. How an agent itself behaves is `yoi_agents`' to test.

#[path = "../../../../agents/tests/fake/mod.rs"]
#[expect(dead_code, reason = "only a part of what the fake can do is of use here")]
mod fake;
mod profiles;
mod real;
mod task;

use crate::process::{said, yoi};
use crate::stage::{LOCAL, Place, id};
use fake::told::told;
use protocol::{AnyEvent, EventKind, RuntimeId, WorkerId};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use yoi_client::{FollowOptions, RuntimeClient, Update};

/// What must never be seen.
const KEY: &str = "sk-canary-0123456789";

/// A backend whose runtime has these profiles, and a folder to work in.
struct Desk {
    backend: Place,
    around: TempDir,
}

impl Desk {
    /// Starts it. `profiles` is given the path of a file that holds the key.
    fn start(profiles: impl Fn(&str) -> String) -> Desk {
        let around = TempDir::with_prefix("yoi-agents-").unwrap();
        let key = around.path().join("key");
        std::fs::write(&key, KEY).unwrap();
        std::fs::create_dir(around.path().join("work")).unwrap();
        let profiles = profiles(key.to_str().unwrap());
        let mut backend = Place::backend(&profiles, &[], &around.path().join("cursor_keys"));
        backend.start();
        Desk { backend, around }
    }

    /// The folder that agents work in.
    fn work(&self) -> PathBuf {
        self.around.path().join("work").canonicalize().unwrap()
    }

    /// `yoi` with these arguments, in that folder.
    fn yoi(&self, args: &[&str]) -> Command {
        let mut command = yoi(args);
        command.env("YOI_URL", format!("http://{}", self.backend.address));
        command.env("HOME", self.around.path()).current_dir(self.work());
        command
    }

    /// What a command says that has to work.
    fn good(&self, args: &[&str]) -> String {
        let (status, stdout, stderr) = said(&mut self.yoi(args));
        assert_eq!(status, Some(0), "{args:?}: {stderr}");
        stdout
    }

    /// A new worker of a profile.
    fn create(&self, profile: &str) -> WorkerId {
        let work = self.work();
        self.good(&["worker", "create", "--profile", profile, "--workdir", work.to_str().unwrap()])
            .trim()
            .parse()
            .unwrap()
    }

    fn client(&self) -> RuntimeClient {
        self.backend.on(LOCAL)
    }

    /// Kills the backend and its runtime, and starts them again.
    fn kill_and_start(&mut self) {
        self.backend.kill();
        self.backend.start();
    }
}

/// A worker's name for the command line.
fn name(worker: WorkerId) -> String {
    let runtime: RuntimeId = id(LOCAL);
    format!("{runtime}/{worker}")
}

/// Follows a worker through the backend, whatever happens to the connection.
struct Recorder {
    events: Arc<Mutex<Vec<EventKind>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Recorder {
    fn of(desk: &Desk, worker: WorkerId) -> Recorder {
        let events = Arc::new(Mutex::new(Vec::new()));
        let mut follow = desk.client().follow(worker, FollowOptions::default());
        let kept = Arc::clone(&events);
        let task = tokio::spawn(async move {
            while let Some(Ok(update)) = follow.next().await {
                if let Update::Event(received) = update
                    && let Some(kind) = AnyEvent::kind(&received.event)
                {
                    kept.lock().unwrap().push(kind.clone());
                }
            }
        });
        Recorder { events, task }
    }

    /// The events in short.
    fn told(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.events.lock().unwrap().iter().map(|event| told(event, &mut names)).collect()
    }

    /// Waits until a line is told that fits.
    async fn until(&self, what: &str, fits: impl Fn(&str) -> bool) {
        self.until_times(what, 1, fits).await;
    }

    /// Waits until so many lines are told that fit.
    async fn until_times(&self, what: &str, times: usize, fits: impl Fn(&str) -> bool) {
        let waiting = async {
            while self.told().iter().filter(|line| fits(line)).count() < times {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(2 * crate::wait::DEADLINE, waiting).await;
        assert!(waited.is_ok(), "waited until {what}: {:#?}", self.told());
    }
}

/// A profile of our own agent over a provider.
fn llm(fake: &fake::Fake, key: &str, more: &str) -> String {
    format!(
        "default_profile = \"agent\"\n[profiles.agent]\nexecutor = \"llm\"\ndescription = \"Does the work\"\n\
         provider = \"{}\"\nmodel = \"m\"\nbase_url = \"{}\"\nkey = {{ file = \"{key}\" }}\n{more}",
        fake.form.provider(),
        fake.base_url()
    )
}
