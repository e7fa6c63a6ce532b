//! Workers that do what a script says, as a runtime would: the same id is the same worker, the same
//! key the same run, whatever becomes of who asks.

use crate::world::git;
use futures_util::future::BoxFuture;
use protocol::{RunId, WorkerId};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use ticket::Id;
use tokio::sync::Notify;
use yoi_orchestrator::{Ended, NewWorker, Retry, RunEnd, Workers, WorkersError};

/// What a run does, and how it ends.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) files: Vec<(&'static str, String)>,
    pub(crate) commits: bool,
    pub(crate) ended: Ended,
    pub(crate) text: String,
    pub(crate) holds: bool,
}

impl Act {
    /// Commits a file, and says so.
    pub(crate) fn good() -> Act {
        Act {
            files: vec![("work.txt", "done\n".into())],
            commits: true,
            ended: Ended::Completed,
            text: "I did it.".into(),
            holds: false,
        }
    }

    /// Says something, and changes nothing.
    pub(crate) fn says(text: &str) -> Act {
        Act { files: vec![], commits: false, text: text.into(), ..Act::good() }
    }
}

pub(crate) type Script = dyn Fn(&NewWorker) -> Act + Send + Sync;

#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) workers: BTreeMap<WorkerId, NewWorker>,
    /// Each run once: its key, its worker, its input.
    pub(crate) runs: BTreeMap<String, (WorkerId, RunId, String)>,
    /// In the order in which they began.
    pub(crate) began: Vec<(Id, &'static str, u32)>,
    pub(crate) cancelled: Vec<WorkerId>,
    pub(crate) at_once: usize,
    pub(crate) most_at_once: usize,
    points: usize,
    pub(crate) kill_at: usize,
    /// How often the next calls fail as from a runtime that is away.
    pub(crate) away: usize,
}

#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) kept: Arc<Mutex<Kept>>,
    pub(crate) script: Arc<Script>,
    pub(crate) killed: Arc<Notify>,
    pub(crate) working: Arc<Notify>,
    pub(crate) place: &'static str,
}

impl Fake {
    pub(crate) fn new(script: impl Fn(&NewWorker) -> Act + Send + Sync + 'static) -> Fake {
        Fake {
            kept: Arc::default(),
            script: Arc::new(script),
            killed: Arc::default(),
            working: Arc::default(),
            place: "here",
        }
    }

    /// A point at which whoever asks may be killed.
    async fn point(&self) {
        let is_last = {
            let mut kept = self.kept.lock().unwrap();
            kept.points += 1;
            kept.points == kept.kill_at
        };
        if is_last {
            self.killed.notify_one();
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
    }

    fn away(&self) -> Result<(), WorkersError> {
        let mut kept = self.kept.lock().unwrap();
        if kept.away == 0 {
            return Ok(());
        }
        kept.away -= 1;
        Err(refusal("runtime_unavailable", Retry::Yes))
    }
}

pub(crate) fn refusal(code: &str, retry: Retry) -> WorkersError {
    WorkersError { code: code.into(), message: format!("no: {code}"), remedy: "Mend it.".into(), retry }
}

impl Workers for Fake {
    fn place(&self) -> String {
        self.place.to_owned()
    }

    fn create(&self, worker: NewWorker) -> BoxFuture<'_, Result<Option<String>, WorkersError>> {
        Box::pin(async move {
            self.away()?;
            self.point().await;
            if worker.profile == "missing" {
                return Err(refusal("profile_not_found", Retry::No));
            }
            {
                let mut kept = self.kept.lock().unwrap();
                kept.at_once += 1;
                kept.most_at_once = kept.most_at_once.max(kept.at_once);
                let known = kept.workers.entry(worker.id).or_insert_with(|| worker.clone());
                assert_eq!(*known, worker, "the same id is asked for as another worker");
            }
            self.point().await;
            Ok(Some("p".into()))
        })
    }

    fn input(&self, worker: WorkerId, key: String, text: String) -> BoxFuture<'_, Result<RunId, WorkersError>> {
        Box::pin(async move {
            self.away()?;
            self.point().await;
            let run = {
                let mut kept = self.kept.lock().unwrap();
                let new = kept.workers.get(&worker).cloned().expect("a worker that was made");
                if let Some((same, run, before)) = kept.runs.get(&key) {
                    assert_eq!((*same, before), (worker, &text), "the same key with something else");
                    *run
                } else {
                    let run = RunId::from_parts(1, kept.runs.len() as u128);
                    kept.runs.insert(key, (worker, run, text));
                    kept.began.push((new.ticket, new.role, new.attempt));
                    let act = (self.script)(&new);
                    for (file, content) in &act.files {
                        let file = new.folder.join(file);
                        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                        std::fs::write(file, content).unwrap();
                    }
                    if act.commits {
                        commit(&new.folder, &format!("Do {} {}", new.ticket, new.attempt));
                    }
                    run
                }
            };
            self.point().await;
            Ok(run)
        })
    }

    fn follow(
        &self,
        worker: WorkerId,
        run: RunId,
        position: Option<String>,
    ) -> BoxFuture<'_, Result<RunEnd, WorkersError>> {
        Box::pin(async move {
            assert_eq!(position.as_deref(), Some("p"));
            let act = {
                let kept = self.kept.lock().unwrap();
                assert!(kept.runs.values().any(|(_, known, _)| *known == run));
                (self.script)(&kept.workers[&worker])
            };
            self.working.notify_one();
            self.point().await;
            if act.holds {
                std::future::pending::<()>().await;
            }
            // others begin meanwhile, where they may
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
            self.point().await;
            let mut kept = self.kept.lock().unwrap();
            kept.at_once = kept.at_once.saturating_sub(1);
            let why = (act.ended != Ended::Completed).then(|| "exit_status: it broke".to_owned());
            Ok(RunEnd { ended: act.ended, why, last_text: act.text })
        })
    }

    fn cancel(&self, worker: WorkerId) -> BoxFuture<'_, Result<(), WorkersError>> {
        Box::pin(async move {
            self.kept.lock().unwrap().cancelled.push(worker);
            Ok(())
        })
    }
}

pub(crate) fn commit(folder: &Path, message: &str) {
    git(folder, &["add", "--all"]);
    git(folder, &["-c", "user.name=w", "-c", "user.email=w@localhost", "commit", "-q", "--allow-empty", "-m", message]);
}
