//! Agents that speak the Agent Client Protocol: a program on the protocol's own library.

use crate::world::World;
use agents::policy::{Policy, Verdict};
use agents::{Acp, AcpOptions, Secret, Variables};
use protocol::Outcome;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const CANARY: &str = "canary-agent-4711";

/// The example, which cargo builds beside the tests.
fn program() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.join("examples/scripted_agent")
}

fn options(arguments: &[&str]) -> AcpOptions {
    let program = program().to_str().unwrap().to_owned();
    let command = std::iter::once(program).chain(arguments.iter().map(|argument| (*argument).to_owned()));
    AcpOptions {
        variables: Variables::default().with_secret("AGENT_KEY", Secret::new(CANARY)),
        cancel_time: Duration::from_millis(500),
        ..AcpOptions::new(command)
    }
}

async fn world(options: AcpOptions) -> World {
    World::of(Arc::new(Acp::new("agent", options).unwrap()), None).await
}

fn without_numbers(told: &[String]) -> String {
    let pid = |line: &String| {
        line.starts_with('#')
            && line.contains(" + s")
            && line[line.find(" + s").unwrap() + 4..].chars().all(|c| c.is_ascii_digit())
    };
    told.iter()
        .map(|line| if pid(line) { "(the session's name)".to_owned() } else { line.clone() })
        .collect::<Vec<_>>()
        .join("\n")
}

#[tokio::test]
async fn a_session_with_thoughts_calls_files_and_a_person() {
    let world = world(options(&[])).await;
    world.input("work").await;
    let asked = world.answer("yes").await;
    assert_eq!(asked.title, "Write made.txt");
    // the command is of its own, and asked about as well
    world.until(|state| state.approvals.iter().any(|approval| approval.title == "shell: cat made.txt")).await;
    world.answer("allow").await;
    assert_eq!(world.ended().await, (Outcome::Completed, None), "{:#?}", world.told());
    assert_eq!(std::fs::read_to_string(world.workdir().join("made.txt")).unwrap(), "made\n");
    let root = world.workdir().canonicalize().unwrap().display().to_string();
    insta::assert_snapshot!(without_numbers(&world.told()).replace(&root, "(work)"));
    // the same agent goes on
    assert_eq!(world.run("hello").await, (Outcome::Completed, None));
    assert_eq!(world.told().iter().filter(|line| line.contains("A new session of the agent")).count(), 1);
}

#[tokio::test]
async fn a_policy_answers_where_a_person_need_not() {
    let policy =
        Policy { allow: vec!["edit(made.*)".parse().unwrap(), "shell(cat *)".parse().unwrap()], ..Policy::default() };
    let free = world(AcpOptions { policy, ..options(&[]) }).await;
    assert_eq!(free.run("work").await, (Outcome::Completed, None));
    assert!(free.workdir().join("made.txt").exists(), "{:#?}", free.told());
    assert!(!free.told().iter().any(|line| line.starts_with("asks")));
    let closed =
        world(AcpOptions { policy: Policy { otherwise: Verdict::Deny, ..Policy::default() }, ..options(&[]) }).await;
    assert_eq!(closed.run("work").await, (Outcome::Completed, None));
    assert!(!closed.workdir().join("made.txt").exists());
    let late = world(AcpOptions { approval_time: Some(Duration::from_millis(200)), ..options(&[]) }).await;
    assert_eq!(late.run("work").await, (Outcome::Completed, None));
    assert!(late.told().iter().any(|line| line.starts_with("notice approval_timed_out")), "{:#?}", late.told());
    assert!(!late.workdir().join("made.txt").exists());
}

#[tokio::test]
async fn nothing_outside_of_the_folder_is_reached() {
    let world =
        world(AcpOptions { policy: Policy { otherwise: Verdict::Allow, ..Policy::default() }, ..options(&[]) }).await;
    std::fs::write(world.folder.path().join("secret"), "x").unwrap();
    assert_eq!(world.run("outside").await, (Outcome::Completed, None));
    let said: Vec<String> = world.told().iter().filter_map(|line| Some(line.split_once(" + ")?.1.to_owned())).collect();
    let said = said.concat();
    assert!(said.contains("of/tomorrow -32601 refused"), "{said}");
    assert_eq!(said.matches("refused").count(), 6, "{said}");
    assert!(!world.folder.path().join("new").exists());
}

#[tokio::test]
async fn a_run_is_cancelled_whether_the_agent_listens_or_not() {
    let world = world(options(&[])).await;
    for (text, word) in [("wait", "waiting"), ("hang", "deaf"), ("wait", "waiting")] {
        world.input(text).await;
        world.until(|state| state.open_blocks.iter().any(|block| block.text.as_str() == word)).await;
        world.runtime.interaction().cancel(world.worker).await.unwrap();
        assert_eq!(world.ended().await, (Outcome::Cancelled, None), "{text}");
    }
    assert_eq!(world.run("hello").await, (Outcome::Completed, None));
}

#[tokio::test]
async fn an_agent_that_crashes_is_told_and_started_again_within_a_budget() {
    let world = world(options(&[])).await;
    for _ in 0..4 {
        assert_eq!(world.run("crash").await, (Outcome::Failed, Some("agent_exited".to_owned())));
    }
    assert_eq!(world.run("crash").await, (Outcome::Failed, Some("agent_crashes".to_owned())));
    let told = world.told().join("\n");
    assert!(told.contains("the agent exited with status 3; it last said: fatal: [redacted] is no good"), "{told}");
    assert!(told.contains("notice session_lost"), "{told}");
}

#[tokio::test]
async fn a_session_is_taken_up_again_after_a_restart_where_the_agent_can() {
    for (arguments, code) in [(&["--load"][..], "session_resumed"), (&[][..], "session_lost")] {
        let world = world(options(arguments)).await;
        assert_eq!(world.run("hello").await, (Outcome::Completed, None));
        let profile = Arc::new(Acp::new("agent", options(arguments)).unwrap());
        let world = world.restarted(profile).await;
        assert_eq!(world.run("recall").await, (Outcome::Completed, None));
        let told = world.told().join("\n");
        assert!(told.contains(&format!("notice {code}")), "{told}");
        assert_eq!(told.contains("hello,recall"), code == "session_resumed", "{told}");
        assert!(!told.contains("long ago"), "what is in the log is not told again: {told}");
    }
}

#[tokio::test]
async fn its_environment_is_what_is_listed_and_its_key_is_not_seen() {
    let world = world(options(&[])).await;
    assert_eq!(world.run("environment").await, (Outcome::Completed, None));
    assert!(world.told().iter().any(|line| line.ends_with("[] [redacted]")), "{:#?}", world.told());
    world.run("crash").await;
    assert!(!format!("{:?}", world.events()).contains(CANARY));
    assert_eq!(world.files_with(CANARY), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_no_agent_is_told() {
    for (command, reasons) in [
        (vec!["/nowhere/agent"], &["spawn_failed"][..]),
        (vec!["true"], &["agent_exited"]),
        (vec!["sh", "-c", "echo this is not json; sleep 5"], &["agent_not_ready", "agent_exited"]),
    ] {
        let options = AcpOptions { start_time: Duration::from_millis(700), ..AcpOptions::new(command.clone()) };
        let world = world(options).await;
        let (outcome, said) = world.run("hello").await;
        assert_eq!(outcome, Outcome::Failed);
        assert!(reasons.contains(&said.as_deref().unwrap()), "{command:?}: {:#?}", world.told());
    }
}
