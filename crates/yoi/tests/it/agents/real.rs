//! Agents that we did not write, over the Agent Client Protocol: through backend and console, and
//! what is recorded of them.
//!
//! `scripts/setup-tests` installs them; their models are the fake's.

use super::fake::{Answer, Fake, Form, Say, call, text};
use super::{Desk, KEY, Recorder, name};
use crate::console::terminal::Terminal;
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// Where they are.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/foreign/node_modules");

/// Alt-1 and Alt-2: an answer from any pane of the console.
const FIRST: &str = "\x1b1";
const SECOND: &str = "\x1b2";

/// A profile that runs a script of Node's.
fn node(script: &str, arguments: &[&str], more: &str) -> String {
    let script = Path::new(INSTALLED).join(script);
    assert!(script.exists(), "there is no {}\nhint: run scripts/setup-tests", script.display());
    let paths = std::env::var_os("PATH").unwrap();
    let node = std::env::split_paths(&paths).map(|folder| folder.join("node")).find(|node| node.exists()).unwrap();
    let command: Vec<_> = [node.to_str().unwrap(), script.to_str().unwrap()].iter().chain(arguments).copied().collect();
    format!("[profiles.agent]\nexecutor = \"acp\"\ncommand = {command:?}\n{more}")
}

/// What is told, without what is another each time.
fn settled(told: &[String], desk: &Desk) -> String {
    let work = desk.work().display().to_string();
    let mut lines: Vec<String> = told.iter().map(|line| line.replace(&work, "(work)")).collect();
    for at in 1..lines.len() {
        if lines[at - 1].ends_with("opens session   A new session of the agent") {
            lines[at] = "(the session's name)".to_owned();
        }
    }
    // what an agent tells of itself changes with each of its versions, and so does how an answer is cut
    for line in &mut lines {
        for (beginning, words) in [
            ("extension acp {\"agent\"", "extension acp (the agent)"),
            ("extension acp {\"session\"", "extension acp (the session)"),
            ("extension acp {\"sessionUpdate\":\"available_commands_update\"", "extension acp (its commands)"),
        ] {
            if line.starts_with(beginning) {
                *line = words.to_owned();
            }
        }
        *line = line.split('_').map(|part| if is_time(part) { "(time)" } else { part }).collect::<Vec<_>>().join("_");
    }
    lines.retain(|line| !line.contains(" + word ") && !line.ends_with(", "));
    lines.join("\n")
}

/// Whether these are milliseconds since 1970, as names are made of.
fn is_time(part: &str) -> bool {
    part.len() == 13 && part.bytes().all(|byte| byte.is_ascii_digit())
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_the_protocol_s_own_example_is_approved_refused_cancelled_and_begins_anew() {
    let mut desk = Desk::start(|_| node("@agentclientprotocol/sdk/dist/examples/agent.js", &[], ""));
    let worker = desk.create("agent");
    let recorder = Recorder::of(&desk, worker);
    let worker = name(worker);
    desk.good(&["worker", "input", &worker, "Improve the project"]);
    let mut terminal = Terminal::start(&desk.yoi(&["watch", &worker]));
    terminal.until(&["Modifying critical configuration file", "allow", "reject"]);
    terminal.press_until(FIRST, "Perfect!");
    recorder.until("it is done", |line| line == "run completed").await;
    drop(terminal);

    desk.good(&["worker", "input", &worker, "Once more"]);
    recorder
        .until_times("it is under way", 3, |line| line.contains("I'll help you with that") || line == "run completed")
        .await;
    desk.good(&["worker", "cancel", &worker]);
    recorder.until("it is cancelled", |line| line == "run cancelled").await;

    desk.kill_and_start();
    let refused = desk.good(&["run", "--worker", &worker, "--answer", "reject", "And again"]);
    assert!(refused.contains("I understand you prefer not to make that change"), "{refused}");
    recorder.until_times("it is done again", 2, |line| line == "run completed").await;
    insta::assert_snapshot!(settled(&recorder.told(), &desk));
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_gemini_cli_thinks_writes_asks_is_cancelled_and_goes_on_after_a_crash() {
    let write = call("write_file", json!({"file_path": "made.txt", "content": "made\n"}));
    let fake = Fake::start(
        Form::Gemini,
        vec![
            Answer::Whole(vec![Say::Think("**Writing** It is one file."), text("I write it."), write]),
            Answer::Whole(vec![text("It is written.")]),
            // an agent that looks out for loops takes one word that comes again and again for one
            Answer::Slow((0..600).map(|n| text(&format!("word {n}, "))).collect(), Duration::from_millis(100)),
            Answer::Whole(vec![text("As I said.")]),
        ],
    )
    .await;
    let origin = fake.base_url().trim_end_matches("v1beta/").to_owned();
    let mut desk = Desk::start(|key| {
        let more = format!(
            "start_time = \"2m\"\nserve_files = false\n[profiles.agent.env]\nGEMINI_API_KEY = {{ file = \"{key}\" }}\n\
             GOOGLE_GEMINI_BASE_URL = \"{origin}\"\nGEMINI_CLI_NO_RELAUNCH = \"true\"\n"
        );
        // with a model of its choice it asks another one first which to choose
        let arguments = ["--acp", "--model", "gemini-2.5-pro", "--skip-trust"];
        node("@google/gemini-cli/bundle/gemini.js", &arguments, &more)
    });
    let settings = desk.backend.home.path().join(".gemini");
    std::fs::create_dir(&settings).unwrap();
    let quiet = json!({"privacy": {"usageStatisticsEnabled": false}, "general": {"enableAutoUpdate": false}});
    std::fs::write(settings.join("settings.json"), quiet.to_string()).unwrap();

    let worker = desk.create("agent");
    let recorder = Recorder::of(&desk, worker);
    let worker = name(worker);
    let mut terminal = Terminal::start(&desk.yoi(&["watch", &worker]));
    terminal.until(&["idle"]);
    terminal.press("i");
    terminal.press("Write made.txt\r");
    recorder.until("it asks", |line| line.starts_with("asks ")).await;
    terminal.until(&["I write it.", "proceed_once"]);
    terminal.press_until(SECOND, "It is written.");
    recorder.until("it is done", |line| line == "run completed").await;
    assert_eq!(std::fs::read_to_string(desk.work().join("made.txt")).unwrap(), "made\n");

    desk.good(&["worker", "input", &worker, "Talk"]);
    terminal.until(&["word 3"]);
    desk.good(&["worker", "cancel", &worker]);
    recorder.until("it is cancelled", |line| line == "run cancelled").await;
    let before = settled(&recorder.told(), &desk);
    desk.kill_and_start();
    let said = desk.good(&["run", "--worker", &worker, "What did you write?"]);
    assert!(said.contains("As I said."), "{said}");
    terminal.until(&["As I said."]);
    recorder.until_times("it is done again", 2, |line| line == "run completed").await;
    let asked = fake.asked();
    assert!(asked.iter().all(|asked| asked.path.contains("gemini-2.5-pro")), "{asked:#?}");
    assert!(asked.iter().all(|asked| asked.headers.contains(KEY)), "its key is the fake's");
    // It offers to take sessions up again. Of this version that fails at times, which is told; where it
    // succeeds, it repeats the past after it has answered, and nothing of that is told again.
    let told = settled(&recorder.told(), &desk);
    let is_answered = |line: &&str| line.starts_with("notice session_");
    assert_eq!(told.lines().filter(is_answered).count(), 1, "{told}");
    assert_eq!(told.matches("I write it.").count(), 1, "{told}");
    assert!(!told.contains(KEY) && told.contains("As I said."));
    insta::assert_snapshot!(before);
}
