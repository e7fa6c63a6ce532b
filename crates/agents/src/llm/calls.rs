//! The calls of one answer: who decides, who does it, and what is said of it.
//!
//! Owns that a call is kept before it begins, that it is made once, and that each gets one answer.
//! Must not ask the model.

use super::LlmOptions;
use super::reply::Call;
use crate::approve::{self, Question, Reply};
use crate::mcp::Servers;
use crate::policy::{Asked, Effect, Verdict};
use crate::secret::Redactor;
use crate::tools::{Answer, BuiltIn, Workdir, bounds};
use futures_util::future::join_all;
use genai::chat::{ChatMessage, Tool, ToolResponse};
use protocol::Part;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Mutex;
use yoi_executor::{Output, RunContext, RunOver, ToolCall, Toolbox};

/// The options of a question.
const ALLOW: &str = "allow";
const DENY: &str = "deny";

/// Who makes a call.
#[derive(Clone)]
enum Maker {
    BuiltIn(BuiltIn, Workdir),
    Mcp,
    Box(Arc<dyn Toolbox>),
}

/// The tools of a run.
pub(crate) struct Tools<'r> {
    context: &'r RunContext,
    options: &'r LlmOptions,
    redactor: &'r Redactor,
    servers: &'r Servers,
    makers: HashMap<String, Maker>,
    shown: Vec<Tool>,
    /// Whoever changes something does so alone.
    changing: Mutex<()>,
}

/// Whether a model can be told of a tool of this name.
fn is_callable(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    !name.is_empty() && name.len() <= 64 && name.chars().all(fits)
}

impl<'r> Tools<'r> {
    /// What there is to call, now. The first of a name has it.
    pub(crate) fn new(
        context: &'r RunContext,
        options: &'r LlmOptions,
        redactor: &'r Redactor,
        servers: &'r Servers,
        workdir: Option<Workdir>,
    ) -> Tools<'r> {
        let (makers, shown, changing) = (HashMap::new(), Vec::new(), Mutex::new(()));
        let mut tools = Tools { context, options, redactor, servers, makers, shown, changing };
        if let Some(workdir) = workdir {
            for tool in BuiltIn::ALL.into_iter().filter(|tool| options.tools.contains(tool)) {
                let maker = Maker::BuiltIn(tool, workdir.clone());
                tools.add(tool.name(), tool.description(), tool.schema(), maker);
            }
        }
        for tool in servers.tools() {
            tools.add(&tool.name, &tool.description, tool.input_schema.clone(), Maker::Mcp);
        }
        if options.plugin_tools {
            for tool in context.tools.tools() {
                tools.add(&tool.name, &tool.description, tool.input_schema, Maker::Box(Arc::clone(&context.tools)));
            }
        }
        tools
    }

    fn add(&mut self, name: &str, description: &str, schema: Value, maker: Maker) {
        if !is_callable(name) || self.makers.contains_key(name) {
            tracing::warn!(
                tool = name,
                "a tool has the name of another, or one that no model can call; it is left out"
            );
            return;
        }
        self.shown.push(Tool::new(name).with_description(description).with_schema(schema));
        self.makers.insert(name.to_owned(), maker);
    }

    /// What the model is told of.
    pub(crate) fn shown(&self) -> &[Tool] {
        &self.shown
    }

    /// Makes the calls, and says what they answer. The message has one answer for each.
    pub(crate) async fn make(&self, calls: &[Call]) -> Result<ChatMessage, RunOver> {
        // whatever happens from here on, the log says that they were asked for
        tokio::select! {
            biased;
            () = self.context.cancel.cancelled() => return Err(RunOver),
            kept = self.context.out.keep() => kept?,
        }
        let answered: Vec<AtomicBool> = calls.iter().map(|_| AtomicBool::new(false)).collect();
        let all = join_all(calls.iter().zip(&answered).map(|(call, answered)| async move {
            let answer = self.answer(call).await?;
            let text = self.redactor.clean(answer.text);
            self.context.say(self.result(call, text.clone(), answer.shown, answer.is_error)).await?;
            answered.store(true, Ordering::Relaxed);
            Ok::<_, RunOver>(ToolResponse::from_tool_call(&call.asked, text))
        }));
        let responses = tokio::select! {
            biased;
            () = self.context.cancel.cancelled() => None,
            responses = all => Some(responses),
        };
        match responses {
            Some(responses) => responses.into_iter().collect::<Result<Vec<_>, _>>().map(ChatMessage::from),
            None => {
                for (call, answered) in calls.iter().zip(&answered) {
                    if !answered.load(Ordering::Relaxed) {
                        let words = "cancelled before it answered; it may have taken effect in part";
                        // the run is still listened to for a moment
                        self.context.out.emit(self.result(call, words.to_owned(), Vec::new(), true)).await?;
                    }
                }
                Err(RunOver)
            }
        }
    }

    fn result(&self, call: &Call, text: String, shown: Vec<Part>, is_error: bool) -> Output {
        let shown = shown.into_iter().filter_map(|part| {
            let part = serde_json::to_value(part).ok()?;
            serde_json::from_value(self.redactor.clean_json(part)).ok()
        });
        let content = std::iter::once(Part::text(text)).chain(shown).collect();
        Output::ToolResult { call_id: call.id.clone(), content, is_error }
    }

    async fn answer(&self, call: &Call) -> Result<Answer, RunOver> {
        let name = call.asked.fn_name.as_str();
        let Some(maker) = self.makers.get(name) else {
            let known: Vec<_> = self.shown.iter().map(|tool| tool.name.as_str()).collect();
            return Ok(Answer::failure(format!("there is no tool `{name}`; there are: {}", known.join(", "))));
        };
        let arguments = match &call.arguments {
            Ok(arguments) => arguments.clone(),
            Err(words) => return Ok(Answer::failure(words.clone())),
        };
        let (effect, subject) = match maker {
            Maker::BuiltIn(tool, workdir) => (tool.effect(), tool.subject(&arguments, workdir)),
            Maker::Mcp | Maker::Box(_) => (Effect::Changes, None),
        };
        let asked = Asked { tool: name, also: None, subject: subject.as_deref(), effect };
        match self.options.policy.decide(&asked) {
            Verdict::Allow => {}
            Verdict::Deny => return Ok(Answer::failure("the policy of this worker does not allow this call")),
            Verdict::Ask => {
                if let Some(refused) = self.ask(call, subject.as_deref(), &arguments).await? {
                    return Ok(refused);
                }
            }
        }
        let _alone = if effect == Effect::Reads { None } else { Some(self.changing.lock().await) };
        Ok(self.call(maker, name, arguments).await)
    }

    /// Asks a person; what the model is told where that does not allow it.
    async fn ask(&self, call: &Call, subject: Option<&str>, arguments: &Value) -> Result<Option<Answer>, RunOver> {
        let tool = &call.asked.fn_name;
        let title = match subject {
            Some(subject) => format!("{tool}: {subject}"),
            None => format!("call {tool}"),
        };
        let mut details = Map::new();
        details.insert("tool".to_owned(), json!(tool));
        let shown = approve::detail(self.redactor.clean(arguments.to_string()));
        details.insert("arguments".to_owned(), Value::String(shown));
        let question = Question {
            id: call.id.clone(),
            title: self.redactor.clean(title),
            options: vec![ALLOW.to_owned(), DENY.to_owned()],
            call_id: Some(call.id.clone()),
            details,
        };
        let reply = approve::ask(self.context, question, self.options.approval_time).await?;
        let words = match reply {
            Reply::Chosen(option) if option == ALLOW => return Ok(None),
            Reply::Chosen(_) => "a person was asked, and does not allow this call",
            Reply::TimedOut => "a person was asked and did not answer in time, so this call is not made",
            Reply::NotAsked => "nobody could be asked, so this call is not made",
        };
        Ok(Some(Answer::failure(words)))
    }

    async fn call(&self, maker: &Maker, name: &str, arguments: Value) -> Answer {
        let limit = self.options.tool_time;
        let cancel = &self.context.cancel;
        let called = async {
            match maker {
                Maker::BuiltIn(tool, workdir) => tool.call(arguments, workdir, &self.options.shell, cancel).await,
                Maker::Mcp => self.servers.call(name, arguments).await,
                Maker::Box(tools) => {
                    let (tool, arguments) = (name.to_owned(), arguments.to_string());
                    let (worker_id, cancel) = (self.context.worker_id, cancel.child_token());
                    match tools.call(ToolCall { tool, arguments, worker_id, cancel }).await {
                        Ok(text) => Answer::text(bounds::cut(text)),
                        Err(failure) => Answer::failure(bounds::cut(failure.to_string())),
                    }
                }
            }
        };
        // a command has a bound of its own
        if matches!(maker, Maker::BuiltIn(..)) {
            return called.await;
        }
        match tokio::time::timeout(limit, called).await {
            Ok(answer) => answer,
            Err(_) => Answer::failure(format!(
                "the tool did not answer within {limit:?}, and is not waited for; it may have taken effect all the same"
            )),
        }
    }
}
