//! A runtime with one worker, and a provider that it asks.
//!
//! Owns helpers only.

use crate::fake::told::told;
use crate::fake::{Answer, Asked, Fake, Form};
use agents::llm::{Provider, Retries};
use agents::policy::{Policy, Verdict};
use agents::{Llm, LlmOptions, Secret};
use protocol::api::{CreateWorker, ResolveApproval, SendInput};
use protocol::{AnyEvent, EventKind, Outcome, Part, State, Status, WorkerId};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use worker_runtime::executor::{SharedProfile, Toolbox};
use worker_runtime::store::fs::{FsOptions, FsStore};
use worker_runtime::{Created, Runtime, RuntimeOptions};

/// What must never be seen.
pub const KEY: &str = "sk-canary-0123456789";

/// How long a test waits for what must happen.
const DEADLINE: Duration = Duration::from_secs(60);

pub struct World {
    pub folder: tempfile::TempDir,
    pub runtime: Runtime,
    pub worker: WorkerId,
}

/// A model at this provider, which is asked again at once where it fails.
pub fn options(fake: &Fake) -> LlmOptions {
    let provider = Provider {
        name: fake.form.provider().to_owned(),
        model: "m".to_owned(),
        base_url: Some(fake.base_url()),
        key: Some(Secret::new(KEY)),
        headers: Vec::new(),
    };
    let millisecond = Duration::from_millis(1);
    LlmOptions {
        retries: Retries { most: 3, first: millisecond, longest: Duration::from_secs(2) },
        policy: Policy { otherwise: Verdict::Allow, ..Policy::default() },
        ..LlmOptions::new(provider)
    }
}

impl World {
    pub async fn new(fake: &Fake) -> World {
        World::with(options(fake)).await
    }

    pub async fn with(options: LlmOptions) -> World {
        World::of(Arc::new(Llm::new("agent", options).unwrap()), None).await
    }

    pub async fn of(profile: SharedProfile, toolbox: Option<Arc<dyn Toolbox>>) -> World {
        let folder = tempfile::tempdir().unwrap();
        let workdir = folder.path().join("work");
        std::fs::create_dir(&workdir).unwrap();
        let runtime = start(folder.path(), profile, toolbox).await;
        let workdir = Some(workdir.to_str().unwrap().to_owned());
        let created = runtime.catalogue().create(CreateWorker { workdir, ..CreateWorker::default() }).await.unwrap();
        let Created::New(detail) = created else { panic!("there was one") };
        World { folder, runtime, worker: detail.worker.worker_id }
    }

    /// The same worker in a runtime that is started again.
    pub async fn restarted(self, profile: SharedProfile) -> World {
        let _ = self.runtime.management().shutdown(DEADLINE).await;
        let runtime = start(self.folder.path(), profile, None).await;
        World { runtime, ..self }
    }

    pub fn workdir(&self) -> std::path::PathBuf {
        self.folder.path().join("work")
    }

    pub async fn input(&self, text: &str) {
        let input = SendInput { content: vec![Part::text(text)], idempotency_key: None };
        self.runtime.interaction().input(self.worker, input).await.unwrap();
    }

    /// Says something, and waits for the end of the run.
    pub async fn run(&self, text: &str) -> (Outcome, Option<String>) {
        self.input(text).await;
        self.ended().await
    }

    pub async fn ended(&self) -> (Outcome, Option<String>) {
        self.until(|state| state.status == Status::Idle && state.run.is_none()).await;
        let ended = self.events().into_iter().rev().find_map(|event| match event {
            EventKind::RunFinished { outcome, error, .. } => Some((outcome, error.map(|error| error.reason))),
            _ => None,
        });
        ended.expect("a run has ended")
    }

    /// One more worker of the same profile.
    pub async fn another(&self) -> WorkerId {
        match self.runtime.catalogue().create(CreateWorker::default()).await.unwrap() {
            Created::New(detail) | Created::Existing(detail) => detail.worker.worker_id,
        }
    }

    pub async fn until(&self, wanted: impl Fn(&State) -> bool) -> Arc<State> {
        self.until_of(self.worker, wanted).await
    }

    pub async fn until_of(&self, worker: WorkerId, wanted: impl Fn(&State) -> bool) -> Arc<State> {
        let stream = self.runtime.observation().stream(worker).unwrap();
        let waiting = async {
            loop {
                let (seq, state) = stream.state();
                if wanted(&state) {
                    return state;
                }
                stream.log().reader(seq).wait().await.unwrap();
            }
        };
        tokio::time::timeout(DEADLINE, waiting).await.unwrap_or_else(|_| panic!("still waiting: {:#?}", self.told()))
    }

    /// Answers the question that is asked next.
    pub async fn answer(&self, option: &str) -> protocol::Approval {
        let state = self.until(|state| !state.approvals.is_empty()).await;
        let approval = state.approvals[0].clone();
        let answer = ResolveApproval { option: option.to_owned() };
        self.runtime.interaction().resolve_approval(self.worker, &approval.approval_id, answer).await.unwrap();
        approval
    }

    pub fn events(&self) -> Vec<EventKind> {
        let stream = self.runtime.observation().stream(self.worker).unwrap();
        let after = stream.log().floor().prev();
        let event_log::Read::Entries(entries) = stream.log().read(after, usize::MAX, usize::MAX) else {
            return Vec::new();
        };
        let event = |json: &[u8]| AnyEvent::from_json(std::str::from_utf8(json).unwrap()).unwrap();
        entries.iter().filter_map(|entry| event(&entry.bytes).kind().cloned()).collect()
    }

    /// The events in short, those of the newest start of the runtime.
    pub fn told(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.events().iter().map(|event| told(event, &mut names)).collect()
    }

    /// Every file below the folder, and whether it holds these bytes.
    pub fn files_with(&self, needle: &str) -> Vec<String> {
        let mut found = Vec::new();
        search(self.folder.path(), needle.as_bytes(), &mut found);
        found
    }
}

async fn start(folder: &Path, profile: SharedProfile, toolbox: Option<Arc<dyn Toolbox>>) -> Runtime {
    let store = FsStore::open(FsOptions::new(folder.join("store"))).unwrap();
    let mut options = RuntimeOptions::new("test".parse().unwrap(), vec![profile], Arc::new(store));
    if let Some(toolbox) = toolbox {
        options.toolbox = toolbox;
    }
    Runtime::start(options).await.unwrap()
}

fn search(folder: &Path, needle: &[u8], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            search(&path, needle, found);
        } else if std::fs::read(&path).unwrap().windows(needle.len()).any(|bytes| bytes == needle) {
            found.push(path.display().to_string());
        }
    }
}

/// What a model was told, as texts: the parts of each message of the newest request.
pub fn newest(fake: &Fake) -> Asked {
    fake.asked().last().expect("it was asked").clone()
}

/// Every form, with these answers.
pub async fn each_form(answers: impl Fn() -> Vec<Answer>) -> Vec<Fake> {
    let mut fakes = Vec::new();
    for form in Form::ALL {
        fakes.push(Fake::start(form, answers()).await);
    }
    fakes
}
