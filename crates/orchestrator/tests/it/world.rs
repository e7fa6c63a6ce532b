//! A workspace in a folder that goes away: a repository, and a store of tickets.

use crate::workers::{Fake, commit};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use ticket::store::NewTicket;
use ticket::{Author, Event, Id, Operation, RelationKind, Request, State, Store, Ticket};
use tokio_util::sync::CancellationToken;
use yoi_orchestrator::{Error, Git, Options, Progress, Summary, Waiting, Why};

pub(crate) struct World {
    _folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
    pub(crate) store: Store,
}

impl World {
    pub(crate) fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap();
        git(&path, &["init", "-q", "-b", "main"]);
        std::fs::write(path.join("README"), "hello\n").unwrap();
        commit(&path, "Begin");
        let store = Store::open(path.join(".yoi/tickets")).with_patience(Duration::from_secs(20));
        World { _folder: folder, path, store }
    }

    pub(crate) fn options(&self) -> Options {
        Options::new(&self.path, "main", "coder")
    }

    pub(crate) fn reviewed(&self) -> Options {
        let mut options = self.options();
        options.roles.reviewer = Some("reviewer".into());
        options
    }

    pub(crate) fn queued(&self, title: &str, relations: &[(RelationKind, Id)]) -> Id {
        let new = NewTicket {
            title: title.into(),
            body: "Do it.".into(),
            relations: relations.into(),
            ..NewTicket::default()
        };
        let id = self.apply(Operation::New(new));
        self.take(id, State::Ready);
        self.take(id, State::Queued);
        id
    }

    pub(crate) fn take(&self, id: Id, to: State) {
        let reason = Some("because".to_owned());
        self.apply(Operation::Move { id, to, reason, body: None, summary: None });
    }

    pub(crate) fn apply(&self, operation: Operation) -> Id {
        self.store.apply(&Request::new(operation, Author::new("hare").unwrap())).unwrap().ticket
    }

    pub(crate) fn show(&self, id: Id) -> Ticket {
        self.store.show(id).unwrap()
    }

    pub(crate) fn state(&self, id: Id) -> State {
        self.show(id).fields.state
    }

    pub(crate) fn events(&self, id: Id, kind: &str) -> Vec<Event> {
        self.show(id).events.into_iter().filter(|event| event.kind == kind).collect()
    }

    pub(crate) fn last_reason(&self, id: Id) -> String {
        let events = self.events(id, "state_changed");
        events.last().and_then(|event| event.attribute("reason")).unwrap_or_default().to_owned()
    }

    pub(crate) async fn run(&self, fake: &Fake, options: &Options) -> Result<Summary, Error> {
        self.run_until(fake, options, CancellationToken::new(), |_| {}).await
    }

    pub(crate) async fn run_until(
        &self,
        fake: &Fake,
        options: &Options,
        cancel: CancellationToken,
        events: impl Fn(Progress) + Sync,
    ) -> Result<Summary, Error> {
        let git = Git::open(&self.path).await?;
        yoi_orchestrator::run(self.store.clone(), git, fake, options, cancel, events).await
    }

    pub(crate) async fn why(&self, options: &Options, id: Id) -> Why {
        let git = Git::open(&self.path).await.unwrap();
        let waiting: Vec<Waiting> = yoi_orchestrator::waiting(self.store.clone(), &git, options).await.unwrap();
        waiting.into_iter().find(|waiting| waiting.ticket == id).unwrap().why
    }

    pub(crate) fn branch(&self, id: Id) -> String {
        format!("ticket/{id}")
    }

    /// The subjects of a branch's commits that are not in the base, newest first.
    pub(crate) fn commits(&self, id: Id) -> Vec<String> {
        let range = format!("main..{}", self.branch(id));
        git(&self.path, &["log", "--format=%s", &range]).lines().map(str::to_owned).collect()
    }
}

pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git").current_dir(folder).args(args).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}
