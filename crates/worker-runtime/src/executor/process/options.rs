//! How a program is run: which, in what form it speaks, and for how long it lives.
//!
//! Owns the options and what is refused among them. Must not start anything.

use std::collections::BTreeMap;
use std::time::Duration;

/// In what form a program speaks on its standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Text, shown as it comes.
    #[default]
    Text,
    /// Events, one JSON object a line.
    JsonLines,
}

/// For how long a program lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lifetime {
    /// For one input; its exit ends the run.
    #[default]
    PerRun,
    /// From the first input until the worker stops.
    KeptRunning,
}

/// How an input reaches a program's standard input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Input {
    /// As text: for one run followed by the end of file, for a kept program by a line end.
    #[default]
    Text,
    /// As a line `{"type":"input","run_id":…,"content":[…]}`; standard input then stays open, and
    /// answers to questions follow.
    JsonLine,
}

/// What ends a run of a kept program that speaks text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// A line equal to this; it is not shown.
    Marker(String),
    /// No output for so long, counted from the input where none came.
    Quiet(Duration),
}

/// The options of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessOptions {
    /// The program and its arguments; no shell reads them.
    pub command: Vec<String>,
    /// Variables added to the inherited environment, which loses all that begin with `YOI_`.
    pub env: BTreeMap<String, String>,
    /// In what form it speaks.
    pub mode: Mode,
    /// For how long it lives.
    pub lifetime: Lifetime,
    /// How input reaches it.
    pub input: Input,
    /// What ends a run where neither its exit nor an event does.
    pub run_end: Option<RunEnd>,
    /// The longest a run may take; none for no limit.
    pub time_limit: Option<Duration>,
    /// From SIGTERM to SIGKILL.
    pub kill_after: Duration,
}

/// Why these options do not make a process.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProcessOptionsError {
    /// No program.
    #[error("the command of a process is empty: give a program and its arguments, such as [\"cat\", \"-u\"]")]
    NoCommand,
    /// A byte that no argument or variable can hold.
    #[error("{0} holds a zero byte, which cannot be passed to a program")]
    ZeroByte(&'static str),
    /// A variable without a usable name.
    #[error("`{0}` is not the name of an environment variable")]
    VariableName(String),
    /// Nothing would end a run.
    #[error(
        "a program that is kept running and speaks text needs `run_end`: a marker line that it prints, or a time of quiet"
    )]
    NoRunEnd,
    /// Something else ends a run already.
    #[error(
        "`run_end` is only for a program that is kept running and speaks text: otherwise its exit or `run_finished` ends the run"
    )]
    RunEndUnused,
    /// A marker that no line can equal.
    #[error("the marker that ends a run is one line, not empty")]
    Marker,
    /// A time that is none.
    #[error("`{0}` is longer than 0")]
    NoTime(&'static str),
}

impl ProcessOptions {
    /// A program that is given text, answers text and exits.
    pub fn new<I: IntoIterator<Item = S>, S: Into<String>>(command: I) -> Self {
        ProcessOptions {
            command: command.into_iter().map(Into::into).collect(),
            env: BTreeMap::new(),
            mode: Mode::Text,
            lifetime: Lifetime::PerRun,
            input: Input::Text,
            run_end: None,
            time_limit: None,
            kill_after: Duration::from_secs(5),
        }
    }

    /// A program that is given a JSON line, answers events and exits.
    pub fn json_lines<I: IntoIterator<Item = S>, S: Into<String>>(command: I) -> Self {
        ProcessOptions { mode: Mode::JsonLines, input: Input::JsonLine, ..ProcessOptions::new(command) }
    }

    /// Whether these options make a process; starts nothing.
    ///
    /// # Errors
    /// With what is wrong.
    pub fn validate(&self) -> Result<(), ProcessOptionsError> {
        if self.command.first().is_none_or(String::is_empty) {
            return Err(ProcessOptionsError::NoCommand);
        }
        if self.command.iter().any(|word| word.contains('\0')) {
            return Err(ProcessOptionsError::ZeroByte("the command"));
        }
        if let Some(name) = self.env.keys().find(|name| name.is_empty() || name.contains(['=', '\0'])) {
            return Err(ProcessOptionsError::VariableName(name.clone()));
        }
        if self.env.values().any(|value| value.contains('\0')) {
            return Err(ProcessOptionsError::ZeroByte("a variable"));
        }
        if self.time_limit == Some(Duration::ZERO) {
            return Err(ProcessOptionsError::NoTime("time_limit"));
        }
        let needed = self.lifetime == Lifetime::KeptRunning && self.mode == Mode::Text;
        match &self.run_end {
            None if needed => Err(ProcessOptionsError::NoRunEnd),
            Some(_) if !needed => Err(ProcessOptionsError::RunEndUnused),
            Some(RunEnd::Marker(line)) if line.is_empty() || line.contains(['\n', '\r']) => {
                Err(ProcessOptionsError::Marker)
            }
            Some(RunEnd::Quiet(time)) if time.is_zero() => Err(ProcessOptionsError::NoTime("run_end")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_with_clear_words() {
        let good = ProcessOptions::new(["cat"]);
        assert_eq!(good.validate(), Ok(()));
        let kept = ProcessOptions { lifetime: Lifetime::KeptRunning, ..good.clone() };
        let ended = |run_end| ProcessOptions { run_end: Some(run_end), ..kept.clone() };
        assert_eq!(ended(RunEnd::Marker("END".into())).validate(), Ok(()));
        assert_eq!(ended(RunEnd::Quiet(Duration::from_secs(1))).validate(), Ok(()));
        assert_eq!(ProcessOptions { mode: Mode::JsonLines, ..kept.clone() }.validate(), Ok(()));

        for (bad, words) in [
            (ProcessOptions::new(Vec::<String>::new()), "command of a process is empty"),
            (ProcessOptions::new([""]), "command of a process is empty"),
            (ProcessOptions::new(["a\0b"]), "zero byte"),
            (ProcessOptions { env: [("A=B".into(), String::new())].into(), ..good.clone() }, "`A=B`"),
            (ProcessOptions { time_limit: Some(Duration::ZERO), ..good.clone() }, "`time_limit`"),
            (kept.clone(), "needs `run_end`"),
            (ended(RunEnd::Marker("a\nb".into())), "one line"),
            (ended(RunEnd::Quiet(Duration::ZERO)), "`run_end`"),
            (ProcessOptions { run_end: Some(RunEnd::Marker("x".into())), ..good.clone() }, "only for"),
        ] {
            let said = bad.validate().unwrap_err().to_string();
            assert!(said.contains(words), "{said}");
        }
    }
}
