//! `yoi run`: a task from its beginning to its end, in lines, as JSON and at a terminal.

use super::fake::{Answer, Fake, Form, call, text};
use super::{Desk, KEY, llm};
use crate::console::terminal::Terminal;
use crate::process::said;
use serde_json::{Value, json};
use std::process::Command;

fn write(path: &str) -> Answer {
    Answer::Whole(vec![text("I write it. "), call("write", json!({"path": path, "content": "made\n"}))])
}

fn words(words: &str) -> Answer {
    Answer::Whole(vec![text(words)])
}

/// Runs a command while the provider goes on answering.
async fn ran(mut command: Command) -> (Option<i32>, String, String) {
    tokio::task::spawn_blocking(move || said(&mut command)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_run_does_a_task_answers_for_it_and_goes_on_with_the_worker() {
    let fake = Fake::start(Form::Anthropic, vec![write("made.txt"), words("It is written.")]).await;
    let desk = Desk::start(|key| llm(&fake, key, ""));
    let (status, stdout, stderr) = ran(desk.yoi(&["run", "--answer", "allow", "write", "a file"])).await;
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stdout.contains("I write it.") && stdout.contains("It is written."), "{stdout}");
    // where it was typed is where the agent works
    assert_eq!(std::fs::read_to_string(desk.work().join("made.txt")).unwrap(), "made\n");
    let worker = stderr.lines().find_map(|line| line.strip_prefix("worker ")).unwrap().to_owned();
    assert!(stderr.contains(&format!("hint: the worker stays: `yoi run --worker {worker} \"…\"` goes on with it")));
    assert!(desk.good(&["worker", "list"]).contains("write a file"), "it is called by its task");

    fake.answers(vec![words("As I said.")]);
    let (status, stdout, stderr) = ran(desk.yoi(&["run", "--worker", &worker, "--json", "and", "then?"])).await;
    assert_eq!(status, Some(0), "{stderr}");
    let frames: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = frames.last().unwrap();
    assert_eq!(
        (last["event"]["type"].as_str(), last["event"]["outcome"].as_str()),
        (Some("run_finished"), Some("completed"))
    );
    let asked = fake.asked().last().unwrap().body.to_string();
    assert!(asked.contains("It is written.") && asked.contains("and then?"), "{asked}");
    assert!(!stdout.contains(KEY) && !stderr.contains(KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_run_ends_with_the_outcome_of_the_run() {
    let fake = Fake::start(Form::OpenAi, Vec::new()).await;
    let desk = Desk::start(|key| llm(&fake, key, "turns = 1\npolicy = \"allow\"\nretries = 0\n"));
    fake.answers(vec![Answer::Status(401, Vec::new(), format!("{{\"error\":{{\"message\":\"no {KEY}\"}}}}"))]);
    let (status, stdout, stderr) = ran(desk.yoi(&["run", "fail"])).await;
    assert_eq!(status, Some(9), "{stderr}");
    assert!(stdout.contains("provider_unauthorized") && !stdout.contains(KEY) && !stderr.contains(KEY), "{stdout}");
    fake.answers(vec![write("a")]);
    let (status, _, stderr) = ran(desk.yoi(&["run", "too much"])).await;
    assert_eq!(status, Some(16), "{stderr}");
    // without a terminal nobody is asked, and somebody else may cancel
    fake.answers(vec![Answer::Silent]);
    let mut command = desk.yoi(&["run", "wait"]);
    let running = tokio::task::spawn_blocking(move || said(&mut command));
    let worker = crate::wait::until_async("it runs", || async {
        let list: Value =
            serde_json::from_str(&desk.good(&["worker", "list", "--status", "running", "--json"])).unwrap();
        list["workers"][0]["worker_id"].as_str().map(str::to_owned)
    })
    .await;
    desk.good(&["worker", "cancel", &worker]);
    let (status, _, stderr) = running.await.unwrap();
    assert_eq!(status, Some(15), "{stderr}");
    // nor is there anything to do
    let (status, _, stderr) = ran(desk.yoi(&["run", "--profile", "nobody", "x"])).await;
    assert_eq!(status, Some(3), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_run_asks_whoever_sits_at_the_terminal_and_ctrl_c_cancels() {
    let answers = vec![write("no.txt"), write("yes.txt"), words("One of two.")];
    let fake = Fake::start(Form::Gemini, answers).await;
    let desk = Desk::start(|key| llm(&fake, key, ""));
    let command = desk.yoi(&["run", "write", "two"]);
    let mut terminal = tokio::task::spawn_blocking(move || {
        let mut terminal = Terminal::start(&command);
        terminal.until(&["write: no.txt", "1 allow, 2 deny?"]);
        terminal.press("maybe\r");
        terminal.press("d\r");
        terminal.until(&["write: yes.txt"]);
        terminal.press("1\r");
        terminal.until(&["One of two."]);
        terminal
    })
    .await
    .unwrap();
    assert!(terminal.ended().success());
    assert!(desk.work().join("yes.txt").exists() && !desk.work().join("no.txt").exists());

    fake.answers(vec![Answer::Endless]);
    let command = desk.yoi(&["run", "talk"]);
    let status = tokio::task::spawn_blocking(move || {
        let mut terminal = Terminal::start(&command);
        terminal.until(&["more and more"]);
        terminal.press("\x03");
        terminal.ended()
    })
    .await
    .unwrap();
    assert_eq!(status.code(), Some(15));
}
