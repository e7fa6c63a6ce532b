//! The bodies of the REST API (`wire.md` §5).
//!
//! Owns requests and answers that runtime, backend and clients share. Requests refuse members
//! they do not know, so that a misspelt one is told; answers keep open.

use crate::content::Part;
use crate::diagnostic::Diagnostic;
use crate::event::{Approval, Run, Status, Usage, WorkerInfo};
use crate::ids::{RunId, RuntimeId, WorkerId};
use crate::session::Affordance;
use crate::state::Entry;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

macro_rules! body {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
        pub struct $name {
            $($(#[$fdoc])* pub $field: $type,)*
        }
    };
}

/// `POST …/workers`: what to make.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateWorker {
    /// For people; the profile's name where absent. At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The id to give it: sending the same request again is then the same worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_id: Option<WorkerId>,
    /// One of the runtime's profiles; its default where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// At most 32, names of at most 63 characters of `[A-Za-z0-9._/-]`, values of at most 256.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The folder to work in, absolute, on the runtime's machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
}

/// `POST …/input`: what to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SendInput {
    /// At least one part.
    pub content: Vec<Part>,
    /// However often the same key is sent, one run is started. At most 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// `POST …/approvals/{approval_id}`: the answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "codegen", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ResolveApproval {
    /// One of the approval's options.
    pub option: String,
}

body!(
    /// Input was accepted, and is as durable as the store makes it.
    InputAccepted {
        /// The run it began.
        run_id: RunId,
    }
);

body!(
    /// One worker, as lists and detail show it.
    WorkerDetail {
        /// What it is.
        #[serde(flatten)]
        worker: WorkerInfo,
        /// The runtime it is on; absent on the runtime's own API.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        runtime_id: Option<RuntimeId>,
        /// What it is doing.
        status: Status,
        /// The run under way.
        run: Option<Run>,
        /// Questions not answered yet.
        approvals: Vec<Approval>,
        /// Totals.
        usage: Usage,
        /// The newest event; resume after it with it.
        cursor: Option<String>,
        /// How many events its log has had.
        events: u64,
        /// When the newest event was made.
        updated_at: Timestamp,
        /// The folder it works in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        workdir: Option<String>,
        /// What whoever asked may do with it; absent on the runtime's own API.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        affordances: Option<Vec<Affordance>>,
    }
);

body!(
    /// One page of workers, in the order of their ids.
    WorkerList {
        /// The workers.
        workers: Vec<WorkerDetail>,
        /// Pass as `page` for the next page; absent on the last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_page: Option<String>,
        /// What could not be listed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        diagnostics: Vec<Diagnostic>,
    }
);

body!(
    /// One page of a transcript.
    TranscriptPage {
        /// Oldest first.
        entries: Vec<Entry>,
        /// Pass as `before` for the page before this one; absent on the oldest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<String>,
    }
);

body!(
    /// A profile that workers can be made with.
    Profile {
        /// Its name.
        name: String,
        /// What runs: `echo`, `replay`, `process`.
        executor: String,
        /// For people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    }
);

body!(
    /// How many workers there are.
    Counts {
        /// In all.
        workers: u64,
        /// In the middle of a run.
        running: u64,
        /// Watching now.
        watchers: u64,
    }
);

body!(
    /// What keeps the logs.
    StoreInfo {
        /// `memory` or `files`.
        kind: String,
        /// `always`, `interval` or `never`; absent in memory.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        durability: Option<String>,
        /// Bytes kept, as far as known.
        bytes: u64,
        /// Whether it takes writes.
        healthy: bool,
    }
);

body!(
    /// `GET …/runtime`: what a runtime is and how it is.
    RuntimeInfo {
        /// Its identity, from its configuration.
        runtime_id: RuntimeId,
        /// The program's version.
        version: String,
        /// `ready` or `stopping`.
        status: String,
        /// What it can do, such as `observe.ws`, `observe.sse`, `store.files`.
        capabilities: Vec<String>,
        /// What workers can be made with.
        profiles: Vec<Profile>,
        /// The profile of a worker that names none.
        default_profile: String,
        /// How many of what.
        counts: Counts,
        /// Its store.
        store: StoreInfo,
        /// What its operator should know.
        diagnostics: Vec<Diagnostic>,
        /// When it was started.
        started_at: Timestamp,
        /// Now, by its own clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time: Option<Timestamp>,
    }
);
