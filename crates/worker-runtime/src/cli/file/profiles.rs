//! Profiles: what workers are made with.
//!
//! Owns the step from a `[profiles.NAME]` table to an executor, and the two that are built in.
//! Must not start anything.

use super::reader::Table;
use crate::executor::{
    Approvals, Echo, EchoOptions, Input, Lifetime, Mode, Process, ProcessOptions, Recording, Replay, ReplayOptions,
    RunEnd, SharedProfile, Speed,
};
use std::fmt;
use std::sync::Arc;

/// A profile, and where it comes from.
#[derive(Clone)]
pub(in crate::cli) struct ProfileEntry {
    pub profile: SharedProfile,
    /// A replay, to be checked before anything begins.
    pub replay: Option<Replay>,
    /// Where it stands.
    pub place: String,
}

impl fmt::Debug for ProfileEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.profile.name(), self.profile.executor())
    }
}

/// The profiles that are always there, unless the file has others of their names.
pub(in crate::cli) fn built_in() -> Vec<ProfileEntry> {
    let profiles: [SharedProfile; 2] = [Arc::new(Echo::new()), Arc::new(Replay::demo())];
    let entry = |profile| ProfileEntry { profile, replay: None, place: "built in".to_owned() };
    profiles.into_iter().map(entry).collect()
}

/// Reads one; none where something is wrong, which is told.
pub(super) fn read(name: String, place: String, mut table: Table<'_>) -> Option<ProfileEntry> {
    #[derive(Clone, Copy)]
    enum Kind {
        Echo,
        Replay,
        Process,
    }
    // the same form as a runtime's id
    if name.parse::<protocol::RuntimeId>().is_err() {
        table.wrong("executor", "is of a profile whose name is not 1 to 64 characters of a-z, 0-9, '.', '_' and '-'");
    }
    let kinds = [("echo", Kind::Echo), ("replay", Kind::Replay), ("process", Kind::Process)];
    let Some(kind) = table.word("executor", &kinds) else {
        if !table.has("executor") {
            table.wrong("executor", "is missing: echo, replay or process");
        }
        return None;
    };
    let description = table.text("description");
    let mut replay = None;
    let profile: Option<SharedProfile> = match kind {
        Kind::Echo => Some(Arc::new(echo(name, description, &mut table))),
        Kind::Replay => {
            replay = read_replay(name, description, &mut table);
            replay.clone().map(|replay| Arc::new(replay) as SharedProfile)
        }
        Kind::Process => process(name, description, &mut table).map(|process| Arc::new(process) as SharedProfile),
    };
    table.finish();
    Some(ProfileEntry { profile: profile?, replay, place })
}

fn echo(name: String, description: Option<String>, table: &mut Table<'_>) -> Echo {
    let usual = EchoOptions::default();
    let options = EchoOptions {
        words_per_delta: table.count("words_per_delta").unwrap_or(usual.words_per_delta),
        pause: table.duration("pause").unwrap_or(usual.pause),
    };
    let echo = Echo::with_options(name, options);
    match description {
        Some(description) => echo.described(description),
        None => echo,
    }
}

fn read_replay(name: String, description: Option<String>, table: &mut Table<'_>) -> Option<Replay> {
    let file = table.path("file");
    let speeds = [("recorded", Speed::Recorded), ("max", Speed::AsFastAsPossible)];
    let speed = table.word_or_number("speed", &speeds, Speed::Factor).unwrap_or_default();
    let max_pause = table.duration("max_pause");
    let approvals = table.word("approvals", &[("recorded", Approvals::Recorded), ("ask", Approvals::Ask)]);
    let Some(file) = file else {
        if !table.has("file") {
            table.wrong("file", "is missing: the recording to play");
        }
        return None;
    };
    let options = ReplayOptions {
        speed,
        max_pause,
        approvals: approvals.unwrap_or_default(),
        ..ReplayOptions::new(Recording::File(file))
    };
    if let Err(error) = options.validate() {
        table.wrong("speed", &format!("does not fit: {error}"));
        return None;
    }
    let replay = Replay::new(name, options);
    Some(match description {
        Some(description) => replay.described(description),
        None => replay,
    })
}

fn process(name: String, description: Option<String>, table: &mut Table<'_>) -> Option<Process> {
    let command = table.texts("command");
    let modes = [("text", Mode::Text), ("json-lines", Mode::JsonLines)];
    let mode = table.word("mode", &modes).unwrap_or_default();
    let lifetimes = [("per-run", Lifetime::PerRun), ("kept", Lifetime::KeptRunning)];
    let lifetime = table.word("lifetime", &lifetimes).unwrap_or_default();
    let input = table.word("input", &[("text", Input::Text), ("json-line", Input::JsonLine)]);
    let run_end = run_end(table);
    let (time_limit, kill_after) = (table.duration("time_limit"), table.duration("kill_after"));
    let env = table.variables("env");
    let Some(command) = command else {
        if !table.has("command") {
            table.wrong("command", "is missing: a program and its arguments, such as [\"cat\", \"-u\"]");
        }
        return None;
    };
    let usual = match mode {
        Mode::Text => ProcessOptions::new(command),
        Mode::JsonLines => ProcessOptions::json_lines(command),
    };
    let options = ProcessOptions {
        env,
        lifetime,
        input: input.unwrap_or(usual.input),
        run_end,
        time_limit,
        kill_after: kill_after.unwrap_or(usual.kill_after),
        ..usual
    };
    match Process::new(name, options) {
        Ok(process) => Some(match description {
            Some(description) => process.described(description),
            None => process,
        }),
        Err(error) => {
            table.wrong("command", &format!("does not fit: {error}"));
            None
        }
    }
}

fn run_end(table: &mut Table<'_>) -> Option<RunEnd> {
    let (name, text) = table.choice("run_end", &["marker", "quiet"])?;
    if name == "marker" {
        return Some(RunEnd::Marker(text));
    }
    match crate::cli::values::duration(&text) {
        Ok(quiet) => Some(RunEnd::Quiet(quiet)),
        Err(words) => {
            table.wrong("run_end", &format!("has `quiet`, which {words}"));
            None
        }
    }
}
