//! What an agent asks of us: permissions, files and terminals.
//!
//! Owns the answers. Everything is within the working folder or refused, and decided by the
//! profile's policy. Must not tell what the agent says of itself: that is `updates`.

use super::connection::Refusal;
use super::options::AcpOptions;
use super::terminals::{Terminal, Terminals};
use super::updates::{Teller, relative, word};
use crate::approve::{self, Question, Reply};
use crate::policy::{Asked, Effect, Verdict};
use crate::secret::Redactor;
use crate::tools::{PathError, Workdir, bounds};
use agent_client_protocol::v1::schema::{
    CreateTerminalRequest, PermissionOption, PermissionOptionKind, ReadTextFileRequest, RequestPermissionRequest,
    ToolCallContent, ToolCallUpdate, ToolKind, WriteTextFileRequest,
};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use yoi_executor::{RunContext, RunOver};

/// What serving shares, in one run.
pub(super) struct Desk<'r> {
    pub context: &'r RunContext,
    pub options: &'r AcpOptions,
    pub redactor: &'r Redactor,
    pub workdir: &'r Workdir,
    pub terminals: &'r Mutex<Terminals>,
    /// What a person or the policy has allowed in this run.
    pub allowed: Mutex<Allowed>,
}

/// What was allowed: the same thing is not asked about twice.
#[derive(Default)]
pub(super) struct Allowed {
    files: HashSet<PathBuf>,
    commands: HashSet<String>,
}

/// A request that was looked at, with what it needs to know of the run's calls.
pub(super) struct Ask {
    pub method: String,
    pub params: Value,
    /// A name for a question.
    pub question: String,
    pub call_id: Option<String>,
}

impl Ask {
    /// Takes down what a request needs.
    pub(super) fn new(method: String, params: Value, teller: &mut Teller) -> Ask {
        let call = params.pointer("/toolCall/toolCallId").and_then(Value::as_str);
        let call_id = call.and_then(|call| teller.call_id(call));
        Ask { method, params, question: teller.question(), call_id }
    }
}

fn parsed<T: DeserializeOwned>(params: Value) -> Result<T, Refusal> {
    serde_json::from_value(params).map_err(|error| Refusal::Invalid(error.to_string()))
}

impl Desk<'_> {
    /// Answers a request.
    pub(super) async fn serve(&self, ask: Ask) -> Result<Value, Refusal> {
        let over = |RunOver| Refusal::Failed("the run is over".to_owned());
        match ask.method.as_str() {
            "session/request_permission" => self.permission(ask).await,
            "fs/read_text_file" => self.read(parsed(ask.params)?).await,
            "fs/write_text_file" => {
                let request: WriteTextFileRequest = parsed(ask.params)?;
                let path = self.inside(&request.path)?;
                let subject = path.display().to_string();
                self.decide("write", &subject, Effect::Changes, ask.question).await.map_err(over)??;
                let (workdir, content) = (self.workdir.clone(), request.content);
                blocking(move || workdir.write(&subject, &content)).await?;
                Ok(json!({}))
            }
            "terminal/create" => self.create(ask).await,
            "terminal/output" => self.on_terminal(&ask.params, |terminals, id| terminals.output(id, self.redactor)),
            "terminal/kill" => self.on_terminal(&ask.params, |terminals, id| terminals.kill(id).then(|| json!({}))),
            "terminal/release" => {
                self.on_terminal(&ask.params, |terminals, id| terminals.release(id).then(|| json!({})))
            }
            "terminal/wait_for_exit" => {
                let id = terminal_id(&ask.params)?;
                let ended = self.terminals.lock().ended(&id).ok_or_else(no_terminal)?;
                wait_for_exit(ended).await
            }
            _ => Err(Refusal::Unknown),
        }
    }

    async fn permission(&self, ask: Ask) -> Result<Value, Refusal> {
        let request: RequestPermissionRequest = parsed(ask.params.clone())?;
        let cancelled = json!({"outcome": {"outcome": "cancelled"}});
        let selected =
            |option: &PermissionOption| json!({"outcome": {"outcome": "selected", "optionId": option.option_id}});
        let of_kind = |kinds: [PermissionOptionKind; 2]| {
            kinds.iter().find_map(|kind| request.options.iter().find(|option| option.kind == *kind))
        };
        let subject = self.subject(&request.tool_call);
        let fields = &request.tool_call.fields;
        let kind = fields.kind.unwrap_or_default();
        let tool = fields.name.clone().unwrap_or_else(|| tool_word(kind));
        let (tool, subject) = (tool.as_str(), subject.as_deref());
        // a rule may name the tool as the agent does, or as ours are called
        let ours = tool_word(kind);
        // what is looked at outside of the folder is not taken for harmless
        let effect = match kind {
            ToolKind::Execute => Effect::Runs,
            kind if is_look(kind) && subject.is_some_and(|subject| !Path::new(subject).is_absolute()) => Effect::Reads,
            _ => Effect::Changes,
        };
        let verdict = self.options.policy.decide(&Asked { tool, also: Some(&ours), subject, effect });
        let chosen = match verdict {
            Verdict::Allow => of_kind([PermissionOptionKind::AllowOnce, PermissionOptionKind::AllowAlways]),
            Verdict::Deny => {
                let refuse = of_kind([PermissionOptionKind::RejectOnce, PermissionOptionKind::RejectAlways]);
                return Ok(refuse.map_or(cancelled, selected));
            }
            Verdict::Ask => {
                let title = fields.title.clone().or_else(|| subject.map(|subject| format!("{tool}: {subject}")));
                let question = Question {
                    id: ask.question,
                    title: self.redactor.clean(title.unwrap_or_else(|| tool.to_owned())),
                    options: request.options.iter().map(|option| option.option_id.to_string()).collect(),
                    call_id: ask.call_id,
                    details: self.details(&request, tool),
                };
                match approve::ask(self.context, question, self.options.approval_time).await {
                    Ok(Reply::Chosen(option)) => {
                        request.options.iter().find(|known| known.option_id.to_string() == option)
                    }
                    Ok(Reply::TimedOut | Reply::NotAsked) => {
                        of_kind([PermissionOptionKind::RejectOnce, PermissionOptionKind::RejectAlways])
                    }
                    Err(RunOver) => None,
                }
            }
        };
        let Some(option) = chosen else { return Ok(cancelled) };
        if matches!(option.kind, PermissionOptionKind::AllowOnce | PermissionOptionKind::AllowAlways) {
            self.allow(&request.tool_call);
        }
        Ok(selected(option))
    }

    /// What a call is to work on, as rules see it.
    fn subject(&self, call: &ToolCallUpdate) -> Option<String> {
        let fields = &call.fields;
        if let Some(command) = command_of(fields.raw_input.as_ref()) {
            return Some(command);
        }
        let location = fields.locations.as_ref().and_then(|locations| locations.first()).map(|location| &location.path);
        let diff = fields.content.iter().flatten().find_map(|content| match content {
            ToolCallContent::Diff(diff) => Some(&diff.path),
            _ => None,
        });
        diff.or(location).map(|path| relative(path, self.workdir.root()))
    }

    /// Remembers what was allowed.
    fn allow(&self, call: &ToolCallUpdate) {
        let mut allowed = self.allowed.lock();
        if let Some(command) = command_of(call.fields.raw_input.as_ref()) {
            allowed.commands.insert(command);
        }
        if matches!(call.fields.kind, Some(ToolKind::Edit | ToolKind::Delete | ToolKind::Move)) {
            let locations = call.fields.locations.iter().flatten().map(|location| &location.path);
            let diffs = call.fields.content.iter().flatten().filter_map(|content| match content {
                ToolCallContent::Diff(diff) => Some(&diff.path),
                _ => None,
            });
            let paths = locations.chain(diffs).filter_map(|path| self.inside(path).ok());
            allowed.files.extend(paths);
        }
    }

    fn details(&self, request: &RequestPermissionRequest, tool: &str) -> Map<String, Value> {
        let mut details = Map::new();
        details.insert("tool".to_owned(), json!(tool));
        let names: Map<String, Value> =
            request.options.iter().map(|option| (option.option_id.to_string(), json!(option.name))).collect();
        details.insert("option_names".to_owned(), Value::Object(names));
        if let Some(input) = &request.tool_call.fields.raw_input {
            let text = approve::detail(self.redactor.clean(input.to_string()));
            details.insert("arguments".to_owned(), Value::String(text));
        }
        details
    }

    /// The path from the working folder.
    fn inside(&self, path: &Path) -> Result<PathBuf, Refusal> {
        let path = self.workdir.relative(&path.to_string_lossy());
        path.map_err(|error| Refusal::Invalid(error.to_string()))
    }

    async fn read(&self, request: ReadTextFileRequest) -> Result<Value, Refusal> {
        let path = self.inside(&request.path)?.display().to_string();
        let asked = Asked { tool: "read", also: None, subject: Some(&path), effect: Effect::Reads };
        if self.options.policy.decide(&asked) == Verdict::Deny {
            return Err(Refusal::Invalid("the policy of this worker does not allow this".to_owned()));
        }
        let workdir = self.workdir.clone();
        let text = blocking(move || workdir.read(&path, bounds::FILE_BYTES)).await?;
        let first = request.line.map_or(0, |line| line.saturating_sub(1) as usize);
        let most = request.limit.map_or(usize::MAX, |limit| limit as usize);
        let text = if first == 0 && most == usize::MAX {
            text
        } else {
            text.split_inclusive('\n').skip(first).take(most).collect()
        };
        Ok(json!({ "content": text }))
    }

    /// Whether something that the agent did not ask about beforehand is done.
    async fn decide(
        &self,
        tool: &str,
        subject: &str,
        effect: Effect,
        question: String,
    ) -> Result<Result<(), Refusal>, RunOver> {
        let asked = Asked { tool, also: None, subject: Some(subject), effect };
        let refused = |words: &str| Ok(Err(Refusal::Invalid(words.to_owned())));
        match self.options.policy.decide(&asked) {
            Verdict::Allow => return Ok(Ok(())),
            Verdict::Deny => return refused("the policy of this worker does not allow this"),
            Verdict::Ask => {}
        }
        let known = match effect {
            Effect::Runs => self.allowed.lock().commands.contains(subject),
            Effect::Reads | Effect::Changes => self.allowed.lock().files.contains(Path::new(subject)),
        };
        if known {
            return Ok(Ok(()));
        }
        let question = Question {
            id: question,
            title: self.redactor.clean(format!("{tool}: {subject}")),
            options: vec!["allow".to_owned(), "deny".to_owned()],
            call_id: None,
            details: Map::from_iter([("tool".to_owned(), json!(tool))]),
        };
        match approve::ask(self.context, question, self.options.approval_time).await? {
            Reply::Chosen(option) if option == "allow" => Ok(Ok(())),
            Reply::Chosen(_) => refused("a person does not allow this"),
            Reply::TimedOut => refused("nobody allowed this in time"),
            Reply::NotAsked => refused("nobody could be asked"),
        }
    }

    async fn create(&self, ask: Ask) -> Result<Value, Refusal> {
        let request: CreateTerminalRequest = parsed(ask.params)?;
        let line = command_line(&request.command, &request.args);
        let decided = self.decide("shell", &line, Effect::Runs, ask.question).await;
        decided.map_err(|RunOver| Refusal::Failed("the run is over".to_owned()))??;
        let folder = match &request.cwd {
            None => self.workdir.root().to_owned(),
            Some(cwd) => {
                // as the system sees it, links followed
                let relative = self.inside(cwd)?;
                let within = self.workdir.dir().canonicalize(&relative);
                let within = within.map_err(|error| Refusal::Invalid(format!("the folder cannot be used: {error}")))?;
                self.workdir.root().join(within)
            }
        };
        let terminal = Terminal::run(&request, &folder, &self.options.shell).await.map_err(Refusal::Failed)?;
        let id = self.terminals.lock().keep(terminal);
        let id = id.ok_or_else(|| Refusal::Failed("too many terminals are open; release one".to_owned()))?;
        Ok(json!({ "terminalId": id }))
    }

    fn on_terminal(
        &self,
        params: &Value,
        with: impl FnOnce(&mut Terminals, &str) -> Option<Value>,
    ) -> Result<Value, Refusal> {
        let id = terminal_id(params)?;
        with(&mut self.terminals.lock(), &id).ok_or_else(no_terminal)
    }
}

async fn wait_for_exit(
    mut ended: tokio::sync::watch::Receiver<Option<agent_client_protocol::v1::schema::TerminalExitStatus>>,
) -> Result<Value, Refusal> {
    let status = ended.wait_for(Option::is_some).await.map(|status| status.clone());
    match status {
        Ok(Some(status)) => Ok(json!(status)),
        _ => Err(Refusal::Failed("the command is gone".to_owned())),
    }
}

fn terminal_id(params: &Value) -> Result<String, Refusal> {
    let id = params.get("terminalId").and_then(Value::as_str);
    id.map(str::to_owned).ok_or_else(|| Refusal::Invalid("`terminalId` is missing".to_owned()))
}

fn no_terminal() -> Refusal {
    Refusal::Invalid("there is no such terminal".to_owned())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PathError> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| match error {
            PathError::Missing(_) => Refusal::Missing(error.to_string()),
            error => Refusal::Invalid(error.to_string()),
        }),
        Err(_) => Err(Refusal::Failed("it ended unexpectedly".to_owned())),
    }
}

/// A command as a person would type it.
fn command_line(command: &str, args: &[String]) -> String {
    std::iter::once(command).chain(args.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

/// The command in a call's input, in the forms that agents use.
fn command_of(input: Option<&Value>) -> Option<String> {
    let input = input?;
    match input.get("command").or_else(|| input.get("cmd"))? {
        Value::String(command) => Some(command.clone()),
        Value::Array(words) => {
            let words: Vec<_> = words.iter().filter_map(Value::as_str).collect();
            Some(words.join(" "))
        }
        _ => None,
    }
}

fn tool_word(kind: ToolKind) -> String {
    match kind {
        ToolKind::Execute => "shell".to_owned(),
        ToolKind::Search => "grep".to_owned(),
        other => word(&other),
    }
}

/// Whether it only looks, as the agent says.
fn is_look(kind: ToolKind) -> bool {
    matches!(kind, ToolKind::Read | ToolKind::Search)
}
