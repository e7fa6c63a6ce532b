//! A worker's story for tests: events, and the state they fold to.
//!
//! Owns the making of events; the fold is `protocol`'s.

use crate::backend::{Failure, News, WorkerKey, WorkerNews};
use protocol::{AnyEvent, Code, Entry, EntryKind, RunId, State, Timestamp, WorkerId, WorkspaceEvent};
use serde_json::{Value, json};

pub const AT: &str = "2026-11-21T09:00:00.000Z";

pub fn worker_key(runtime: &str, n: u64) -> WorkerKey {
    WorkerKey { runtime: runtime.parse().unwrap(), worker: WorkerId::from_parts(n, 0) }
}

pub fn event(value: Value) -> AnyEvent {
    AnyEvent::from_json(&value.to_string()).unwrap()
}

pub fn failure(message: &str) -> Failure {
    Failure {
        code: Code::UpstreamDisconnected,
        message: message.to_owned(),
        hint: "Try again.".to_owned(),
        retryable: true,
    }
}

pub fn entry(id: &str) -> Entry {
    let mut entry = Entry::new(EntryKind::Text, Timestamp::from_millis(0));
    entry.entry_id = Some(id.to_owned());
    entry.text = Some(format!("this is {id}"));
    entry
}

/// A worker's events so far, and its state.
pub struct Story {
    state: State,
    events: Vec<AnyEvent>,
    run: String,
}

impl Story {
    /// Of the first worker of the runtime `box`.
    pub fn new() -> Story {
        Story::of(&worker_key("box", 1))
    }

    pub fn of(key: &WorkerKey) -> Story {
        let state = serde_json::from_value(json!({
            "worker": {
                "worker_id": key.worker.to_string(), "display_name": "Nightly fixer", "profile": "coder", "created_at": AT,
            },
            "status": "idle", "run": null, "transcript": [], "open_blocks": [], "approvals": [], "plan": [],
            "usage": { "input_tokens": 0, "output_tokens": 0 }, "truncated": false,
        }));
        Story { state: state.unwrap(), events: Vec::new(), run: RunId::from_parts(1, 2).to_string() }
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// The state as a snapshot would bring it: nothing of it shared.
    pub fn again(&self) -> State {
        serde_json::from_str(&serde_json::to_string(&self.state).unwrap()).unwrap()
    }

    /// The snapshot of the state now.
    pub fn snapshot(&self) -> WorkerNews {
        let mut value = serde_json::to_value(&self.state).unwrap();
        value["type"] = json!("snapshot");
        value["at"] = json!(AT);
        News::Event(Box::new(event(value)))
    }

    /// The events since the last call, as news.
    pub fn news(&mut self) -> Vec<WorkerNews> {
        self.events.drain(..).map(|event| News::Event(Box::new(event))).collect()
    }

    pub fn tell(&mut self, mut value: Value) -> &mut Story {
        value["at"] = json!(AT);
        let event = event(value);
        self.state.apply(&event);
        self.events.push(event);
        self
    }

    pub fn status(&mut self, status: &str) -> &mut Story {
        self.tell(json!({ "type": "status_changed", "status": status }))
    }

    pub fn begin(&mut self) -> &mut Story {
        let run = self.run.clone();
        self.status("running").tell(json!({ "type": "run_started", "run_id": run, "trigger": "input" }))
    }

    pub fn end(&mut self, outcome: &str, error: Value) -> &mut Story {
        let run = self.run.clone();
        self.tell(json!({ "type": "run_finished", "run_id": run, "outcome": outcome, "error": error })).status("idle")
    }

    pub fn user(&mut self, text: &str) -> &mut Story {
        let (run, id) = (self.run.clone(), format!("u{}", self.events.len()));
        let content = json!([{ "type": "text", "text": text }]);
        self.tell(json!({ "type": "user_message", "run_id": run, "entry_id": id, "content": content }))
    }

    pub fn open(&mut self, id: &str, kind: &str) -> &mut Story {
        let run = self.run.clone();
        self.tell(json!({ "type": "block_started", "block_id": id, "run_id": run, "kind": kind }))
    }

    pub fn call(&mut self, id: &str, tool: &str, arguments: &str) -> &mut Story {
        let run = self.run.clone();
        self.tell(json!({
            "type": "block_started", "block_id": id, "run_id": run, "kind": "tool_call", "call_id": id, "tool": tool,
        }));
        self.delta(id, arguments)
    }

    pub fn delta(&mut self, id: &str, text: &str) -> &mut Story {
        self.tell(json!({ "type": "block_delta", "block_id": id, "text": text }))
    }

    pub fn finish(&mut self, id: &str) -> &mut Story {
        self.tell(json!({ "type": "block_finished", "block_id": id, "status": "complete" }))
    }

    pub fn say(&mut self, id: &str, kind: &str, text: &str) -> &mut Story {
        self.open(id, kind).delta(id, text).finish(id)
    }

    pub fn result(&mut self, call: &str, content: Value, is_error: bool) -> &mut Story {
        self.tell(json!({ "type": "tool_result", "call_id": call, "content": content, "is_error": is_error }))
    }

    pub fn notice(&mut self, message: &str) -> &mut Story {
        self.tell(json!({ "type": "notice", "level": "warning", "code": "disk_low", "message": message }))
    }

    pub fn ask(&mut self, id: &str, title: &str, options: &[&str]) -> &mut Story {
        self.status("waiting");
        self.tell(json!({ "type": "approval_requested", "approval_id": id, "title": title, "options": options }))
    }
}

/// A runtime's row.
pub fn runtime(id: &str, link: &str) -> Value {
    json!({ "runtime_id": id, "kind": "remote", "link": link })
}

/// A worker's row.
pub fn summary(key: &WorkerKey, name: &str, status: &str, approvals: u64) -> Value {
    json!({
        "runtime_id": key.runtime, "worker_id": key.worker, "display_name": name, "profile": "coder", "status": status,
        "approvals": approvals, "created_at": AT, "updated_at": AT,
        "usage": { "input_tokens": 12_345, "output_tokens": 678 },
    })
}

/// The snapshot of a workspace.
pub fn workspace(runtimes: Vec<Value>, workers: Vec<Value>) -> crate::backend::WorkspaceNews {
    let state = json!({ "type": "snapshot", "runtimes": runtimes, "workers": workers });
    News::Event(Box::new(serde_json::from_value::<WorkspaceEvent>(state).unwrap()))
}
