//! The seam of policy: who may see what, and do what.
//!
//! Owns the questions. The answers of the built-in roles are in `roles`; whoever serves asks them
//! and knows no role.

mod roles;

pub use roles::{RedactWhen, RoleRules, Roles, RolesRules};

use crate::labels::Labels;
use crate::principal::Principal;
use observation::Lens;
use protocol::api::{TranscriptPage, WorkerDetail};
use protocol::{Affordance, Code, Retry, RuntimeId, RuntimeRow, WorkerId};
use std::fmt;
use std::sync::Arc;

/// A worker, as policy looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The runtime it is on.
    pub runtime_id: &'a RuntimeId,
    /// Its identity there.
    pub worker_id: WorkerId,
    /// Its labels, which never change.
    pub labels: &'a Labels,
}

/// Names what some principals see of a stream: all of one class see the same, which is made once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(Arc<str>);

impl ClassId {
    /// The class that sees everything, byte for byte.
    #[must_use]
    pub fn everything() -> ClassId {
        ClassId("everything".into())
    }

    /// A class of this name.
    #[must_use]
    pub fn new(name: &str) -> ClassId {
        ClassId(name.into())
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClassId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Whether a worker may be observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observe {
    /// As one of this class.
    As(ClassId),
    /// No, and nothing tells it from one that is not there.
    Hidden,
    /// No.
    Forbidden,
}

/// Something that is asked of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Say something to it.
    Input,
    /// End its run.
    Cancel,
    /// Answer its question.
    Approve,
    /// End it.
    Stop,
    /// Start it again.
    Resume,
    /// Remove it.
    Delete,
}

impl Command {
    /// Each of them.
    pub const ALL: [Command; 6] =
        [Command::Input, Command::Cancel, Command::Approve, Command::Stop, Command::Resume, Command::Delete];

    /// Its word, as in the audit log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Command::Input => "input",
            Command::Cancel => "cancel",
            Command::Approve => "approve",
            Command::Stop => "stop",
            Command::Resume => "resume",
            Command::Delete => "delete",
        }
    }

    /// What whoever may do it is told.
    #[must_use]
    pub fn affordance(self) -> Affordance {
        match self {
            Command::Input => Affordance::Input,
            Command::Cancel => Affordance::Cancel,
            Command::Approve => Affordance::Approve,
            Command::Stop => Affordance::Stop,
            Command::Resume => Affordance::Resume,
            Command::Delete => Affordance::Delete,
        }
    }
}

/// Why something may not be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// For this principal there is no such worker.
    #[error("there is no such worker")]
    NotFound,
    /// Its role does not allow it.
    #[error("your role does not allow this")]
    Forbidden,
}

impl Denied {
    /// What is told.
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Denied::NotFound => Code::WorkerNotFound,
            Denied::Forbidden => Code::Forbidden,
        }
    }

    /// Whether asking again may succeed.
    #[must_use]
    pub fn retry(self) -> Retry {
        self.code().info().retry
    }
}

/// Who may see what, and do what. Its answers to one principal about one worker are the same for
/// as long as it is in force; another policy takes its place whole.
pub trait ObservationPolicy: Send + Sync + 'static {
    /// Whether a worker may be observed, and its transcript read.
    fn observe(&self, who: &Principal, subject: &Subject<'_>) -> Observe;

    /// The class as which the workspace's own stream is observed.
    fn workspace(&self, who: &Principal) -> ClassId;

    /// What a class sees: everything, byte for byte, where there is no lens.
    fn lens(&self, class: &ClassId) -> Option<Arc<dyn Lens>>;

    /// Whether a runtime is there for somebody.
    fn sees_runtime(&self, who: &Principal, runtime_id: &RuntimeId) -> bool {
        let _ = (who, runtime_id);
        true
    }

    /// Whether there are workers that are hidden from somebody, as far as the policy can tell
    /// without looking at them. Lists cost less where there are none.
    fn hides_workers(&self, who: &Principal) -> bool {
        let _ = who;
        true
    }

    /// Whether somebody is shown what plugins there are and what they may reach. Not unless a policy says so.
    fn sees_plugins(&self, who: &Principal) -> bool {
        let _ = who;
        false
    }

    /// Whether somebody may read the workspace's tickets. Not unless a policy says so.
    fn reads_tickets(&self, who: &Principal) -> bool {
        let _ = who;
        false
    }

    /// Whether somebody may make and change tickets. Not unless a policy says so.
    ///
    /// # Errors
    /// When they may not.
    fn writes_tickets(&self, who: &Principal) -> Result<(), Denied> {
        let _ = who;
        Err(Denied::Forbidden)
    }

    /// What somebody is shown of a runtime.
    fn runtime(&self, who: &Principal, row: RuntimeRow) -> RuntimeRow {
        let _ = who;
        row
    }

    /// Whether a worker with these labels may be made.
    ///
    /// # Errors
    /// When it may not.
    fn create(&self, who: &Principal, runtime_id: &RuntimeId, labels: &Labels) -> Result<(), Denied>;

    /// Whether something may be asked of a worker.
    ///
    /// # Errors
    /// When it may not.
    fn command(&self, who: &Principal, subject: &Subject<'_>, command: Command) -> Result<(), Denied>;

    /// What somebody may do with a worker.
    fn affordances(&self, who: &Principal, subject: &Subject<'_>) -> Vec<Affordance> {
        let observes = matches!(self.observe(who, subject), Observe::As(_));
        let observing = [Affordance::Observe, Affordance::Transcript].into_iter().filter(|_| observes);
        let commands = Command::ALL.into_iter().filter(|command| self.command(who, subject, *command).is_ok());
        observing.chain(commands.map(Command::affordance)).collect()
    }

    /// What somebody is shown of a worker's detail, affordances included.
    fn detail(&self, who: &Principal, subject: &Subject<'_>, detail: WorkerDetail) -> WorkerDetail {
        WorkerDetail { affordances: Some(self.affordances(who, subject)), ..detail }
    }

    /// What a class is shown of a transcript.
    fn transcript(&self, class: &ClassId, page: TranscriptPage) -> TranscriptPage;
}
