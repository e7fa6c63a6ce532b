//! Profiles: what workers are made with.
//!
//! Owns the step from a `[profiles.NAME]` table to an executor, and the two that are built in.
//! Must not start anything.

use super::agents;
use super::settings::Settings;
use crate::executor::{
    Approvals, Echo, EchoOptions, Input, Lifetime, Mode, Process, ProcessOptions, Recording, Replay, ReplayOptions,
    RunEnd, SharedProfile, Speed,
};
use std::fmt;
use std::sync::Arc;
use yoi_settings::{Entry, Form, Item, Members, Section, values};

/// `[profiles.NAME]`.
pub(super) const PROFILES: Section<Settings> = Section {
    name: "profiles",
    form: Form::Named,
    read: |settings, entry| settings.profiles.extend(read(entry)),
    items,
};

/// A profile, and where it comes from.
#[derive(Clone)]
pub(super) struct ProfileEntry {
    pub profile: SharedProfile,
    /// A replay, to be checked before anything begins.
    pub replay: Option<Replay>,
    /// Where it stands.
    pub place: String,
    /// What people are shown of it; no secrets.
    pub facts: Vec<(&'static str, String)>,
    /// The program that it starts.
    pub program: Option<String>,
}

impl fmt::Debug for ProfileEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.profile.name(), self.profile.executor())
    }
}

/// Puts those that are always there before those of the file, which may replace them.
pub(super) fn add_built_in(settings: &mut Settings) {
    let profiles: [SharedProfile; 2] = [Arc::new(Echo::new()), Arc::new(Replay::demo())];
    let is_replaced = |built_in: &SharedProfile| settings.profiles.iter().any(|p| p.profile.name() == built_in.name());
    let built_in: Vec<_> = profiles.into_iter().filter(|profile| !is_replaced(profile)).collect();
    let entry = |profile| {
        let place = "built in".to_owned();
        ProfileEntry { profile, replay: None, place, facts: Vec::new(), program: None }
    };
    settings.profiles.splice(..0, built_in.into_iter().map(entry));
}

/// What is shown of them.
fn items(settings: &Settings) -> Vec<Item> {
    let item = |entry: &ProfileEntry| Item {
        name: entry.profile.name().to_owned(),
        members: vec![("executor", entry.profile.executor().to_owned())],
        origin: entry.place.clone(),
    };
    settings.profiles.iter().map(item).collect()
}

/// Reads one; none where something is wrong, which is told.
fn read(entry: Entry<'_>) -> Option<ProfileEntry> {
    let Entry { name, place, members: mut table } = entry;
    #[derive(Clone, Copy)]
    enum Kind {
        Echo,
        Replay,
        Process,
        Agent(agents::Kind),
    }
    // the same form as a runtime's id
    if name.parse::<protocol::RuntimeId>().is_err() {
        table.wrong("executor", "is of a profile whose name is not 1 to 64 characters of a-z, 0-9, '.', '_' and '-'");
    }
    if name == super::plugins::PROFILE {
        table.wrong("executor", "is of a profile whose name is that of plugins' streams: choose another");
    }
    let kinds = [
        ("echo", Kind::Echo),
        ("replay", Kind::Replay),
        ("process", Kind::Process),
        ("llm", Kind::Agent(agents::Kind::Llm)),
        ("acp", Kind::Agent(agents::Kind::Acp)),
    ];
    let Some(kind) = table.word("executor", &kinds) else {
        if !table.has("executor") {
            table.wrong("executor", "is missing: echo, replay, process, llm or acp");
        }
        return None;
    };
    let description = table.text("description");
    let mut replay = None;
    let (mut facts, mut program) = (Vec::new(), None);
    let profile: Option<SharedProfile> = match kind {
        Kind::Echo => Some(Arc::new(echo(name, description, &mut table))),
        Kind::Replay => {
            replay = read_replay(name, description, &mut table);
            replay.clone().map(|replay| Arc::new(replay) as SharedProfile)
        }
        Kind::Process => process(name, description, &mut table).map(|(process, command)| {
            facts.push(("command", command.join(" ")));
            program = command.into_iter().next();
            Arc::new(process) as SharedProfile
        }),
        Kind::Agent(kind) => agents::read(kind, name, description, &mut table).map(|agent| {
            (facts, program) = (agent.facts, agent.program);
            agent.profile
        }),
    };
    table.finish();
    Some(ProfileEntry { profile: profile?, replay, place, facts, program })
}

fn echo(name: String, description: Option<String>, table: &mut Members<'_>) -> Echo {
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

fn read_replay(name: String, description: Option<String>, table: &mut Members<'_>) -> Option<Replay> {
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

/// A process, and its command.
fn process(name: String, description: Option<String>, table: &mut Members<'_>) -> Option<(Process, Vec<String>)> {
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
    let command = options.command.clone();
    match Process::new(name, options) {
        Ok(process) => Some(match description {
            Some(description) => (process.described(description), command),
            None => (process, command),
        }),
        Err(error) => {
            table.wrong("command", &format!("does not fit: {error}"));
            None
        }
    }
}

fn run_end(table: &mut Members<'_>) -> Option<RunEnd> {
    let (name, text) = table.choice("run_end", &["marker", "quiet"])?;
    if name == "marker" {
        return Some(RunEnd::Marker(text));
    }
    match values::duration(&text) {
        Ok(quiet) => Some(RunEnd::Quiet(quiet)),
        Err(words) => {
            table.wrong("run_end", &format!("has `quiet`, which {words}"));
            None
        }
    }
}
