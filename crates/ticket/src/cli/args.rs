//! The command line of `yoi ticket`.
//!
//! Owns its commands, flags and their help. Must not do anything.

use crate::{AcceptedPlan, Id, RelationKind, State};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Make, list, discuss and move tickets: the workspace's records of work
#[derive(Subcommand, Debug)]
pub enum TicketArgs {
    /// Make a ticket and print its id
    New(NewArgs),
    /// List tickets, oldest first; those that are closed only where asked for
    List(ListArgs),
    /// Show a ticket: what is to be done, what happened, and how it stands to others
    Show(TicketArg),
    /// Append a comment to a ticket
    Comment(SayArgs),
    /// Append a decision to a ticket
    Decision(SayArgs),
    /// Change what a ticket is about
    Edit(EditArgs),
    /// Take a ticket to another state
    ///
    /// Forward goes step by step: planning, ready, queued, inprogress, done, closed. Back goes to any earlier state, with
    /// `--reason`; what is closed is opened again as `planning`.
    State(StateArgs),
    /// Say that it is known what is to be done
    Ready(ReadyArgs),
    /// Put a ticket into the queue
    Queue(MoveArgs),
    /// Begin the work; not while a ticket that it depends on is neither done nor closed
    Start(MoveArgs),
    /// Say that the work has been done
    Done(MoveArgs),
    /// End a ticket, from any state, saying what came of it
    Close(CloseArgs),
    /// Look at how tickets stand to each other, and change it
    #[command(subcommand)]
    Relation(RelationCommand),
    /// Look at what whoever hands out work has decided, and add to it
    #[command(subcommand)]
    Plan(PlanCommand),
    /// Check every record: each problem with file, line, and what would mend it
    ///
    /// The exit status is 1 where there are errors.
    Doctor(ExamineArgs),
    /// Take over records of another checkout; what is here already is never overwritten
    ///
    /// FOLDER is a `.yoi/tickets`, or one record of it. Without `--apply` it only says what would be done.
    Import(ImportArgs),
    /// Print how tickets depend on each other
    Graph(GraphArgs),
}

/// What every change takes.
#[derive(Args, Clone, Debug, Default)]
pub struct CommonArgs {
    /// However often the same key is sent, it is done once
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    /// Do nothing unless this is still the ticket's revision, as `show --json` has it
    #[arg(long, value_name = "REVISION")]
    pub if_revision: Option<String>,
}

/// A ticket.
#[derive(Args, Clone, Debug)]
pub struct TicketArg {
    /// The ticket's id, or an end of it that no other ticket has
    #[arg(value_name = "TICKET", value_parser = reference)]
    pub ticket: Reference,
}

/// A body.
#[derive(Args, Clone, Debug, Default)]
pub struct BodyArgs {
    /// The body, in Markdown
    #[arg(long, short = 'm', value_name = "TEXT", conflicts_with = "body_file")]
    pub body: Option<String>,
    /// Read the body from this file; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub body_file: Option<PathBuf>,
}

/// `new`.
#[derive(Args, Debug)]
pub struct NewArgs {
    /// What it is about, in a line
    #[arg(value_name = "TITLE")]
    pub title: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its flags have their help")]
    pub body: BodyArgs,
    /// Who does it
    #[arg(long, value_name = "NAME")]
    pub assignee: Option<String>,
    /// How far it has been thought through
    #[arg(long, value_name = "WORD")]
    pub readiness: Option<String>,
    /// What to be careful about; may be given more than once
    #[arg(long, value_name = "WORD")]
    pub risk_flag: Vec<String>,
    /// A ticket that has to be done before; may be given more than once
    #[arg(long, value_name = "TICKET", value_parser = reference)]
    pub depends_on: Vec<Reference>,
    /// A ticket that has to wait for this one; may be given more than once
    #[arg(long, value_name = "TICKET", value_parser = reference)]
    pub blocks: Vec<Reference>,
    /// A ticket that has to do with it; may be given more than once
    #[arg(long, value_name = "TICKET", value_parser = reference)]
    pub related: Vec<Reference>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its flags have their help")]
    pub common: CommonArgs,
}

/// `list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Only tickets in this state; may be given more than once
    #[arg(long, value_name = "STATE")]
    pub state: Vec<State>,
    /// Closed ones too
    #[arg(long)]
    pub all: bool,
    /// Only tickets that have this text in title or body
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
    /// Only tickets that wait for others
    #[arg(long, conflicts_with = "unblocked")]
    pub blocked: bool,
    /// Only tickets that wait for nothing
    #[arg(long)]
    pub unblocked: bool,
    /// Only tickets of this assignee
    #[arg(long, value_name = "NAME")]
    pub assignee: Option<String>,
}

/// `comment` and `decision`.
#[derive(Args, Debug)]
pub struct SayArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "it has its help")]
    pub ticket: TicketArg,
    /// What to say, in Markdown; `-`, or nothing where stdin is no terminal, reads it from stdin
    #[arg(value_name = "TEXT")]
    pub text: Vec<String>,
    /// Another kind of event than a comment, as one word: review, implementation_report
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// What it comes to, in a line, as of a review: approve
    #[arg(long, value_name = "STATUS")]
    pub status: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its flags have their help")]
    pub common: CommonArgs,
}

/// `edit`.
#[derive(Args, Debug)]
pub struct EditArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "it has its help")]
    pub ticket: TicketArg,
    /// What it is about, in a line
    #[arg(long)]
    pub title: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its flags have their help")]
    pub body: BodyArgs,
    /// Who does it; nobody where empty
    #[arg(long, value_name = "NAME")]
    pub assignee: Option<String>,
    /// How far it has been thought through; not said where empty
    #[arg(long, value_name = "WORD")]
    pub readiness: Option<String>,
    /// What to be careful about, in place of what is there; may be given more than once
    #[arg(long, value_name = "WORD")]
    pub risk_flag: Option<Vec<String>>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its flags have their help")]
    pub common: CommonArgs,
}

/// What a transition takes.
#[derive(Args, Debug)]
pub struct MoveArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "it has its help")]
    pub ticket: TicketArg,
    /// Why, in a line; needed to go back
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    /// More about it, in Markdown
    #[arg(long, short = 'm', value_name = "TEXT", visible_alias = "resolution")]
    pub message: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its flags have their help")]
    pub common: CommonArgs,
}

/// `ready`.
#[derive(Args, Debug)]
pub struct ReadyArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "its flags have their help")]
    pub moving: MoveArgs,
    /// What was found out, as an event of its own
    #[arg(long, value_name = "TEXT")]
    pub summary: Option<String>,
}

/// `state`.
#[derive(Args, Debug)]
pub struct StateArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "its flags have their help")]
    pub moving: MoveArgs,
    /// Where to: planning, ready, queued, inprogress, done or closed
    #[arg(value_name = "STATE")]
    pub state: State,
}

/// `close`.
#[derive(Args, Debug)]
pub struct CloseArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "it has its help")]
    pub ticket: TicketArg,
    /// What came of it, in Markdown; read from stdin where absent
    #[arg(long, short = 'm', value_name = "TEXT")]
    pub resolution: Option<String>,
    /// Why, in a line
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its flags have their help")]
    pub common: CommonArgs,
}

/// A relation.
#[derive(Args, Debug)]
pub struct RelateArgs {
    /// The ticket's id, or an end of it that no other ticket has
    #[arg(value_name = "TICKET", value_parser = reference)]
    pub ticket: Reference,
    /// How it stands to the other: depends_on, blocks, related, supersedes or duplicate_of
    #[arg(value_name = "KIND")]
    pub kind: RelationKind,
    /// The other ticket
    #[arg(value_name = "TARGET", value_parser = reference)]
    pub target: Reference,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its flags have their help")]
    pub common: CommonArgs,
}

/// `relation`.
#[derive(Subcommand, Debug)]
pub enum RelationCommand {
    /// Add a relation; one that is there already is no change
    Add {
        #[command(flatten)]
        #[expect(missing_docs, reason = "its flags have their help")]
        relation: RelateArgs,
        /// Why
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Remove a relation
    Remove {
        #[command(flatten)]
        #[expect(missing_docs, reason = "its flags have their help")]
        relation: RelateArgs,
    },
    /// List how a ticket stands to others, and others to it
    List(TicketArg),
}

/// `plan`.
#[derive(Subcommand, Debug)]
pub enum PlanCommand {
    /// Append a record and print its id
    Add(Box<PlanArgs>),
    /// List the records of a ticket, oldest first
    List(TicketArg),
}

/// `plan add`.
#[derive(Args, Debug)]
pub struct PlanArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "it has its help")]
    pub ticket: TicketArg,
    /// What it says, as one word: accepted_plan, blocked_by
    #[arg(long, value_name = "KIND")]
    pub kind: String,
    /// The other ticket that it is about
    #[arg(long, value_name = "TICKET", value_parser = reference)]
    pub related: Option<Reference>,
    /// In words
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// What is to be done, where it was accepted
    #[arg(long, value_name = "TEXT")]
    pub summary: Option<String>,
    /// The branch it is done on
    #[arg(long, value_name = "BRANCH", requires = "summary")]
    pub branch: Option<String>,
    /// The work tree it is done in
    #[arg(long, value_name = "DIR", requires = "summary")]
    pub worktree: Option<String>,
    /// Who does what of it
    #[arg(long, value_name = "TEXT", requires = "summary")]
    pub role_plan: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "its flags have their help")]
    pub common: CommonArgs,
}

/// `doctor`.
#[derive(Args, Debug)]
pub struct ExamineArgs {
    /// Mend what can be mended without losing anything
    #[arg(long)]
    pub fix: bool,
}

/// `import`.
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// Where the records are
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Do it
    #[arg(long)]
    pub apply: bool,
}

/// `graph`.
#[derive(Args, Debug)]
pub struct GraphArgs {
    /// In the language of Graphviz
    #[arg(long, conflicts_with = "mermaid")]
    pub dot: bool,
    /// In the language of Mermaid
    #[arg(long)]
    pub mermaid: bool,
    /// Closed tickets too
    #[arg(long)]
    pub all: bool,
}

/// A ticket, as a person names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// By its id.
    Id(Id),
    /// By the end of its id.
    End(String),
}

impl PlanArgs {
    /// The plan that was accepted, where one was.
    pub(super) fn accepted_plan(&self) -> Option<AcceptedPlan> {
        let (branch, worktree, role_plan) = (self.branch.clone(), self.worktree.clone(), self.role_plan.clone());
        self.summary.clone().map(|summary| AcceptedPlan { summary, branch, worktree, role_plan })
    }
}

fn reference(text: &str) -> Result<Reference, String> {
    let capitals = text.to_ascii_uppercase();
    if let Ok(id) = capitals.parse() {
        return Ok(Reference::Id(id));
    }
    let is_end = (3..13).contains(&capitals.len()) && capitals.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_end {
        Ok(Reference::End(capitals))
    } else {
        Err("a ticket is an id of 13 digits, or the last 3 or more of them".to_owned())
    }
}
