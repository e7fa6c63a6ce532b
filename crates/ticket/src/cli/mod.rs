//! The commands of `yoi ticket`.
//!
//! Owns the way from a command line to what is written. stdout is data, stderr is the rest. Reads no
//! environment but in [`who`], and ends no process: whoever calls decides what an error becomes.

mod args;
mod error;
mod show;
mod who;

pub use args::{
    BodyArgs, CloseArgs, CommonArgs, EditArgs, ExamineArgs, GraphArgs, ImportArgs, ListArgs, MoveArgs, NewArgs,
    PlanArgs, PlanCommand, ReadyArgs, RelateArgs, RelationCommand, SayArgs, StateArgs, TicketArg, TicketArgs,
};
pub use error::CliError;
pub use who::who;

use crate::doctor::Report;
use crate::graph::Extent;
use crate::limits::MAX_BODY_BYTES;
use crate::store::{Blocked, Edit, NewTicket, OpKey, Revision, STORE, Saying};
use crate::{
    Author, Filter, Id, NewPlanRecord, Operation, Outcome, Problem, RelationKind, Request, State, Store, text,
};
use args::Reference;
use serde::Serialize;
use std::io::{Read, Write};
use std::path::PathBuf;

/// What stdout is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text for people.
    Text,
    /// JSON for programs.
    Json,
}

/// In whose name, and where, commands run.
pub struct Session<'a> {
    /// The workspace's folder; its tickets are in `.yoi/tickets`.
    pub workspace: PathBuf,
    /// Who asks.
    pub author: Author,
    /// What stdout is to hold.
    pub form: Form,
    /// Where bodies are read from that are in no argument; nothing where that is a terminal.
    pub stdin: Option<&'a mut dyn Read>,
}

/// Runs a command.
///
/// # Errors
/// When it cannot be done. Its exit status is [`CliError::exit_status`].
pub fn run(args: TicketArgs, session: Session<'_>, out: &mut dyn Write, err: &mut dyn Write) -> Result<(), CliError> {
    let store = Store::open(session.workspace.join(STORE));
    Run { store, session, out, err }.command(args)
}

struct Run<'a, 's> {
    store: Store,
    session: Session<'s>,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
}

impl Run<'_, '_> {
    fn command(mut self, args: TicketArgs) -> Result<(), CliError> {
        match args {
            TicketArgs::New(args) => self.new_ticket(args),
            TicketArgs::List(args) => self.list(args),
            TicketArgs::Show(ticket) => self.show(&ticket),
            TicketArgs::Comment(args) => {
                let kind = args.kind.clone().unwrap_or_else(|| "comment".to_owned());
                self.say(args, &kind)
            }
            TicketArgs::Decision(args) => self.say(args, "decision"),
            TicketArgs::Edit(args) => self.edit(args),
            TicketArgs::State(args) => self.state(args),
            TicketArgs::Ready(args) => self.go(args.moving, State::Ready, args.summary),
            TicketArgs::Queue(args) => self.go(args, State::Queued, None),
            TicketArgs::Start(args) => self.go(args, State::InProgress, None),
            TicketArgs::Done(args) => self.go(args, State::Done, None),
            TicketArgs::Close(args) => self.close(args),
            TicketArgs::Relation(command) => self.relation(command),
            TicketArgs::Plan(command) => self.plan(command),
            TicketArgs::Doctor(args) => self.doctor(&args),
            TicketArgs::Import(args) => self.import(&args),
            TicketArgs::Graph(args) => self.graph(&args),
        }
    }

    fn new_ticket(&mut self, args: NewArgs) -> Result<(), CliError> {
        let body = self.body(args.body)?.unwrap_or_default();
        let mut relations = Vec::new();
        let kinds = [
            (RelationKind::DependsOn, &args.depends_on),
            (RelationKind::Blocks, &args.blocks),
            (RelationKind::Related, &args.related),
        ];
        for (kind, references) in kinds {
            for reference in references {
                relations.push((kind, self.resolve(reference)?));
            }
        }
        let new = NewTicket {
            title: args.title,
            body,
            assignee: args.assignee,
            readiness: args.readiness,
            risk_flags: args.risk_flag,
            relations,
        };
        let outcome = self.apply(Operation::New(new), args.common)?;
        match self.session.form {
            Form::Text => self.say_text(&format!("{}\n", outcome.ticket)),
            Form::Json => self.say_json(&outcome),
        }
    }

    fn list(&mut self, args: ListArgs) -> Result<(), CliError> {
        let states = if args.state.is_empty() && !args.all {
            State::ALL.into_iter().filter(|state| *state != State::Closed).collect()
        } else {
            args.state
        };
        let blocked = match (args.blocked, args.unblocked) {
            (true, _) => Some(Blocked::Yes),
            (_, true) => Some(Blocked::No),
            _ => None,
        };
        let filter = Filter { states, text: args.text, blocked, assignee: args.assignee };
        let listing = self.store.list(&filter)?;
        match self.session.form {
            Form::Text => self.say_text(&show::listing(&listing))?,
            Form::Json => self.say_json(&listing)?,
        }
        self.warn(&listing.problems)
    }

    fn show(&mut self, ticket: &TicketArg) -> Result<(), CliError> {
        let id = self.resolve(&ticket.ticket)?;
        let ticket = self.store.show(id)?;
        let neighbour = self.store.relations(id)?;
        match self.session.form {
            Form::Text => self.say_text(&show::ticket(&ticket, &neighbour))?,
            Form::Json => self.say_json(&show::Shown::new(&ticket, &neighbour))?,
        }
        self.warn(&ticket.problems)
    }

    fn say(&mut self, args: SayArgs, kind: &str) -> Result<(), CliError> {
        let id = self.resolve(&args.ticket.ticket)?;
        let body = match args.text.is_empty() || args.text == ["-"] {
            true => self.stdin()?,
            false => Some(args.text.join(" ")),
        };
        let body = body.ok_or_else(|| CliError::usage("there is nothing to say", "Give a text, or pipe one in."))?;
        let saying = Saying { kind: kind.to_owned(), body, status: args.status, heading: None };
        self.change(Operation::Say { id, saying }, args.common)
    }

    fn edit(&mut self, args: EditArgs) -> Result<(), CliError> {
        let id = self.resolve(&args.ticket.ticket)?;
        let none = |text: String| if text.is_empty() { None } else { Some(text) };
        let edit = Edit {
            title: args.title,
            body: if args.body.body.is_some() || args.body.body_file.is_some() { self.body(args.body)? } else { None },
            assignee: args.assignee.map(none),
            readiness: args.readiness.map(none),
            risk_flags: args.risk_flag.map(|flags| flags.into_iter().filter(|flag| !flag.is_empty()).collect()),
        };
        self.change(Operation::Edit { id, edit }, args.common)
    }

    fn state(&mut self, args: StateArgs) -> Result<(), CliError> {
        if args.state == State::Closed {
            let resolution = args.moving.message.clone();
            return self.close(CloseArgs {
                ticket: args.moving.ticket,
                resolution,
                reason: args.moving.reason,
                common: args.moving.common,
            });
        }
        self.go(args.moving, args.state, None)
    }

    fn go(&mut self, args: MoveArgs, to: State, summary: Option<String>) -> Result<(), CliError> {
        let id = self.resolve(&args.ticket.ticket)?;
        self.change(Operation::Move { id, to, reason: args.reason, body: args.message, summary }, args.common)
    }

    fn close(&mut self, args: CloseArgs) -> Result<(), CliError> {
        let id = self.resolve(&args.ticket.ticket)?;
        let resolution = match args.resolution {
            Some(resolution) => Some(resolution),
            None => self.stdin()?,
        };
        let missing = || CliError::usage("closing takes a resolution", "Say what came of it with `--resolution`.");
        let resolution = resolution.filter(|text| !text.trim().is_empty()).ok_or_else(missing)?;
        self.change(Operation::Close { id, resolution, reason: args.reason }, args.common)
    }

    fn relation(&mut self, command: RelationCommand) -> Result<(), CliError> {
        match command {
            RelationCommand::Add { relation, note } => {
                let (id, target) = (self.resolve(&relation.ticket)?, self.resolve(&relation.target)?);
                self.change(Operation::Relate { id, kind: relation.kind, target, note }, relation.common)
            }
            RelationCommand::Remove { relation } => {
                let (id, target) = (self.resolve(&relation.ticket)?, self.resolve(&relation.target)?);
                self.change(Operation::Unrelate { id, kind: relation.kind, target }, relation.common)
            }
            RelationCommand::List(ticket) => {
                let id = self.resolve(&ticket.ticket)?;
                let neighbour = self.store.relations(id)?;
                match self.session.form {
                    Form::Text => self.say_text(&show::neighbour(&neighbour)),
                    Form::Json => self.say_json(&neighbour),
                }
            }
        }
    }

    fn plan(&mut self, command: PlanCommand) -> Result<(), CliError> {
        match command {
            PlanCommand::Add(args) => {
                let id = self.resolve(&args.ticket.ticket)?;
                let related_ticket = args.related.as_ref().map(|other| self.resolve(other)).transpose()?;
                let accepted_plan = args.accepted_plan();
                let record = NewPlanRecord { kind: args.kind, related_ticket, note: args.note, accepted_plan };
                let outcome = self.apply(Operation::Plan { id, record }, args.common)?;
                match self.session.form {
                    Form::Text => self.say_text(&format!("{}\n", outcome.plan_record.unwrap_or_default())),
                    Form::Json => self.say_json(&outcome),
                }
            }
            PlanCommand::List(ticket) => {
                let id = self.resolve(&ticket.ticket)?;
                let ticket = self.store.show(id)?;
                match self.session.form {
                    Form::Text => self.say_text(&show::plan(&ticket.plan)),
                    Form::Json => self.say_json(&serde_json::json!({ "records": ticket.plan })),
                }
            }
        }
    }

    fn doctor(&mut self, args: &ExamineArgs) -> Result<(), CliError> {
        let (mended, left) = if args.fix {
            let mended = self.store.mend(&self.session.author)?;
            (mended.mended, mended.left)
        } else {
            (Vec::new(), self.store.doctor()?)
        };
        match self.session.form {
            Form::Text => self.say_text(&show::report(&mended, &left))?,
            Form::Json => self.say_json(&Examined { ok: left.is_good(), mended: &mended, report: &left })?,
        }
        if left.is_good() { Ok(()) } else { Err(CliError::Found) }
    }

    fn import(&mut self, args: &ImportArgs) -> Result<(), CliError> {
        let imported = if args.apply {
            self.store.import(&args.folder, &self.session.author)?
        } else {
            self.store.look(&args.folder)?
        };
        match self.session.form {
            Form::Text => self.say_text(&show::imported(&imported)),
            Form::Json => self.say_json(&imported),
        }
    }

    fn graph(&mut self, args: &GraphArgs) -> Result<(), CliError> {
        let graph = self.store.graph(if args.all { Extent::All } else { Extent::Open })?;
        match self.session.form {
            Form::Json => self.say_json(&graph),
            Form::Text if args.dot => self.say_text(&graph.to_dot()),
            Form::Text if args.mermaid => self.say_text(&graph.to_mermaid()),
            Form::Text => self.say_text(&graph.to_text()),
        }
    }

    /// Does something, and says where the ticket is then.
    fn change(&mut self, operation: Operation, common: CommonArgs) -> Result<(), CliError> {
        let outcome = self.apply(operation, common)?;
        match self.session.form {
            Form::Text => self.say_text(&format!("{} {}\n", outcome.ticket, outcome.state)),
            Form::Json => self.say_json(&outcome),
        }
    }

    fn apply(&mut self, operation: Operation, common: CommonArgs) -> Result<Outcome, CliError> {
        let mut request = Request::new(operation, self.session.author.clone());
        request.key = common.idempotency_key.as_deref().map(OpKey::new).transpose()?;
        request.if_revision = common.if_revision.as_deref().map(Revision::from);
        Ok(self.store.apply(&request)?)
    }

    /// The ticket that is meant: by its id, or by an end of it that no other has.
    fn resolve(&self, reference: &Reference) -> Result<Id, CliError> {
        match reference {
            Reference::Id(id) => Ok(*id),
            Reference::End(end) => {
                let ids =
                    self.store.read(|view| view.ids().map_err(crate::Error::io("read the store")))?.unwrap_or_default();
                let mut found = ids.into_iter().filter(|id| id.to_string().ends_with(end));
                match (found.next(), found.next()) {
                    (Some(id), None) => Ok(id),
                    (Some(_), Some(_)) => {
                        Err(CliError::usage(format!("more than one ticket ends in {end}"), "Give more of its id."))
                    }
                    (None, _) => Err(CliError::NoEnd(end.clone())),
                }
            }
        }
    }

    fn body(&mut self, args: BodyArgs) -> Result<Option<String>, CliError> {
        match (args.body, args.body_file) {
            (Some(body), _) => Ok(Some(body)),
            (None, Some(file)) if file.as_os_str() == "-" => self.stdin(),
            (None, Some(file)) => {
                let failed = |error| CliError::io(format!("cannot read `{}`", file.display()), error);
                let opened = std::fs::File::open(&file).map_err(failed)?;
                bounded(opened).map(Some).map_err(failed)
            }
            (None, None) => Ok(None),
        }
    }

    /// What is piped in, without the end of its last line.
    fn stdin(&mut self) -> Result<Option<String>, CliError> {
        let Some(stdin) = self.session.stdin.take() else { return Ok(None) };
        let text = bounded(stdin).map_err(|error| CliError::io("cannot read stdin".to_owned(), error))?;
        Ok(Some(text.strip_suffix('\n').map(str::to_owned).unwrap_or(text)))
    }

    fn say_text(&mut self, words: &str) -> Result<(), CliError> {
        self.out.write_all(text::text(words).as_bytes()).map_err(CliError::stdout)
    }

    fn say_json<T: Serialize>(&mut self, value: &T) -> Result<(), CliError> {
        let json = serde_json::to_string_pretty(value).map_err(|error| CliError::stdout(error.into()))?;
        writeln!(self.out, "{}", text::json(&json)).map_err(CliError::stdout)
    }

    /// Tells what could not be read, on stderr.
    fn warn(&mut self, problems: &[Problem]) -> Result<(), CliError> {
        for problem in problems {
            let _ = writeln!(self.err, "warning: {}", text::line(&problem.to_string()));
        }
        if !problems.is_empty() {
            let _ = writeln!(self.err, "hint: `yoi ticket doctor` says what would mend it.");
        }
        Ok(())
    }
}

/// What `doctor` has found, as JSON.
#[derive(Serialize)]
struct Examined<'a> {
    ok: bool,
    mended: &'a [Problem],
    #[serde(flatten)]
    report: &'a Report,
}

/// Reads text, and no more of it than a body may have and a byte.
fn bounded(from: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    from.take(MAX_BODY_BYTES as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests;
