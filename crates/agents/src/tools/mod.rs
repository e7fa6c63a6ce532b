//! The tools of `llm` workers.
//!
//! Owns what they are called, what a model is told of them, and the one call. Must not ask
//! anybody, nor say anything: the loop does.

pub mod bounds;
mod files;
mod find;
mod shell;
#[cfg(test)]
mod tests;
mod workdir;

pub use shell::ShellOptions;
pub use workdir::{PathError, Workdir};

use crate::policy::Effect;
use protocol::Part;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// A tool that is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BuiltIn {
    /// Reads a file.
    Read,
    /// Makes or replaces a file.
    Write,
    /// Changes a file.
    Edit,
    /// Finds files by name.
    Glob,
    /// Finds lines.
    Grep,
    /// Runs a command.
    Shell,
}

/// A tool does not do what it was asked to do; why is told to the model.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused(pub String);

impl From<PathError> for Refused {
    fn from(error: PathError) -> Refused {
        Refused(error.to_string())
    }
}

/// What a tool answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// For the model.
    pub text: String,
    /// For people, too.
    pub shown: Vec<Part>,
    /// Whether it failed.
    pub is_error: bool,
}

impl Answer {
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Answer {
        Answer { text: text.into(), shown: Vec::new(), is_error: false }
    }

    /// A failure, told to the model.
    #[must_use]
    pub fn failure(text: impl Into<String>) -> Answer {
        Answer { is_error: true, ..Answer::text(text) }
    }

    fn with(mut self, part: Part) -> Answer {
        self.shown.push(part);
        self
    }
}

impl BuiltIn {
    /// All of them, in the order in which they are shown.
    pub const ALL: [BuiltIn; 6] =
        [BuiltIn::Read, BuiltIn::Glob, BuiltIn::Grep, BuiltIn::Write, BuiltIn::Edit, BuiltIn::Shell];

    /// Its name, for models, policies and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            BuiltIn::Read => "read",
            BuiltIn::Write => "write",
            BuiltIn::Edit => "edit",
            BuiltIn::Glob => "glob",
            BuiltIn::Grep => "grep",
            BuiltIn::Shell => "shell",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<BuiltIn> {
        BuiltIn::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// What it does to the world.
    #[must_use]
    pub fn effect(self) -> Effect {
        match self {
            BuiltIn::Read | BuiltIn::Glob | BuiltIn::Grep => Effect::Reads,
            BuiltIn::Write | BuiltIn::Edit => Effect::Changes,
            BuiltIn::Shell => Effect::Runs,
        }
    }

    /// For a model.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            BuiltIn::Read => "Reads a text file of the working folder. Lines are numbered. Long files come in parts.",
            BuiltIn::Write => "Makes or replaces a file of the working folder, with the folders on the way to it.",
            BuiltIn::Edit => "Replaces a text that stands exactly once in a file, or every time with `all`.",
            BuiltIn::Glob => "Finds files by name, such as src/**/*.rs.",
            BuiltIn::Grep => "Finds lines that match a regular expression, with their files and numbers.",
            BuiltIn::Shell => {
                "Runs a command with /bin/sh in the working folder, and answers with its output and exit status. \
                 Nothing can be typed into it. It can write in the working folder and in $TMPDIR."
            }
        }
    }

    /// What it is given, as a JSON Schema.
    #[must_use]
    pub fn schema(self) -> Value {
        let object = |properties: Value, required: &[&str]| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
        let path = json!({"type": "string", "description": "From the working folder"});
        match self {
            BuiltIn::Read => object(
                json!({
                    "path": path,
                    "offset": {"type": "integer", "minimum": 1, "description": "The first line"},
                    "limit": {"type": "integer", "minimum": 1, "description": "The most lines"},
                }),
                &["path"],
            ),
            BuiltIn::Write => object(json!({"path": path, "content": {"type": "string"}}), &["path", "content"]),
            BuiltIn::Edit => object(
                json!({
                    "path": path,
                    "old": {"type": "string", "description": "The text to replace, exactly as it stands there"},
                    "new": {"type": "string"},
                    "all": {"type": "boolean", "description": "Replace it wherever it stands"},
                }),
                &["path", "old", "new"],
            ),
            BuiltIn::Glob => object(json!({"pattern": {"type": "string"}, "path": path}), &["pattern"]),
            BuiltIn::Grep => object(
                json!({
                    "pattern": {"type": "string", "description": "A regular expression"},
                    "path": path,
                    "glob": {"type": "string", "description": "Only files with such a name"},
                    "ignore_case": {"type": "boolean"},
                }),
                &["pattern"],
            ),
            BuiltIn::Shell => object(
                json!({"command": {"type": "string"}, "timeout_seconds": {"type": "integer", "minimum": 1}}),
                &["command"],
            ),
        }
    }

    /// What it is to work on, as policies see it: a path from the working folder, or a command.
    #[must_use]
    pub fn subject(self, arguments: &Value, workdir: &Workdir) -> Option<String> {
        let text = |name| arguments.get(name).and_then(Value::as_str);
        match self {
            BuiltIn::Shell => text("command").map(str::to_owned),
            BuiltIn::Glob | BuiltIn::Grep => Some(text("path").unwrap_or(".").to_owned()),
            BuiltIn::Read | BuiltIn::Write | BuiltIn::Edit => {
                let path = text("path")?;
                // one that leads out is refused later; rules see it as it was given
                Some(workdir.relative(path).map_or_else(|_| path.to_owned(), |path| path.display().to_string()))
            }
        }
    }

    /// Calls it. Dropping the future ends a command; a file is written whole or not at all.
    pub async fn call(
        self,
        arguments: Value,
        workdir: &Workdir,
        shell: &ShellOptions,
        cancel: &CancellationToken,
    ) -> Answer {
        let called = match self {
            BuiltIn::Shell => match parsed::<shell::Shell>(self, arguments) {
                Ok(shell_call) => shell_call.run(workdir.root(), shell).await,
                Err(refused) => Err(refused),
            },
            _ => {
                let (workdir, cancel) = (workdir.clone(), cancel.clone());
                let task = tokio::task::spawn_blocking(move || self.call_blocking(arguments, &workdir, &cancel));
                task.await.unwrap_or_else(|_| Err(Refused("the tool ended unexpectedly".to_owned())))
            }
        };
        match called {
            Ok(answer) => Answer { text: bounds::cut(answer.text), ..answer },
            Err(Refused(words)) => Answer::failure(words),
        }
    }

    fn call_blocking(self, arguments: Value, workdir: &Workdir, cancel: &CancellationToken) -> Result<Answer, Refused> {
        match self {
            BuiltIn::Read => parsed::<files::Read>(self, arguments)?.run(workdir),
            BuiltIn::Write => parsed::<files::Write>(self, arguments)?.run(workdir),
            BuiltIn::Edit => parsed::<files::Edit>(self, arguments)?.run(workdir),
            BuiltIn::Glob => parsed::<find::Glob>(self, arguments)?.run(workdir, cancel),
            BuiltIn::Grep => parsed::<find::Grep>(self, arguments)?.run(workdir, cancel),
            BuiltIn::Shell => Err(Refused("a command is not run here".to_owned())),
        }
    }
}

fn parsed<T: DeserializeOwned>(tool: BuiltIn, arguments: Value) -> Result<T, Refused> {
    serde_json::from_value(arguments)
        .map_err(|error| Refused(format!("the arguments of `{}` do not fit: {error}", tool.name())))
}
