//! The loop, as it goes where nothing goes wrong.

use crate::fake::{Answer, Fake, Form, Say, call, text};
use crate::world::{World, each_form, newest, options};
use agents::llm::{Limits, Price};
use agents::policy::{Policy, Verdict};
use agents::tools::BuiltIn;
use agents::{Llm, LlmOptions};
use protocol::{Outcome, Status};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use worker_runtime::executor::{Tool, ToolCall, ToolFailure, Toolbox};

fn session() -> Vec<Answer> {
    vec![
        Answer::Whole(vec![
            Say::Think("Two files "),
            Say::Think("to read."),
            text("I look "),
            text("at both."),
            call("read", json!({"path": "a.txt"})),
            call("read", json!({"path": "b.txt"})),
        ]),
        Answer::Whole(vec![text("They say one and two.")]),
    ]
}

#[tokio::test]
async fn every_provider_s_form_becomes_the_same_events() {
    for fake in each_form(session).await {
        let form = fake.form;
        let world = World::new(&fake).await;
        std::fs::write(world.workdir().join("a.txt"), "one\n").unwrap();
        std::fs::write(world.workdir().join("b.txt"), "two\n").unwrap();
        assert_eq!(world.run("what is in them?").await, (Outcome::Completed, None), "{form:?}: {:#?}", world.told());
        // the pieces in which arguments come are not the same for all, nor which file is read first
        let mut shape: Vec<String> = world.told().into_iter().filter(|line| !line.contains(" + ")).collect();
        shape.iter_mut().filter(|line| line.contains("->")).for_each(|line| {
            *line = line.split_once("-> ").map(|(_, answer)| answer.trim().replace('\t', " ")).unwrap_or_default();
        });
        let at = shape.iter().position(|line| line.starts_with("1 ")).unwrap();
        shape[at..at + 2].sort();
        insta::allow_duplicates! {
            insta::assert_snapshot!(shape.join("\n"));
        }
        let asked = fake.asked();
        assert_eq!(asked.len(), 2, "{form:?}");
        let second = asked[1].body.to_string();
        for words in ["what is in them?", "I look at both.", "one", "two"] {
            assert!(second.contains(words), "{form:?}: {words} is not in {second}");
        }
        assert!(asked[0].body.to_string().contains("Reads a text file"), "{form:?}: it is told of tools");
        assert!(
            asked[0].headers.contains(crate::world::KEY)
                || asked[0].path.contains(crate::world::KEY)
                || form == Form::Ollama
        );
    }
}

#[tokio::test]
async fn a_session_as_it_is_recorded() {
    let fake = Fake::start(Form::Anthropic, session()).await;
    let options = LlmOptions { price: Some(Price { input: 3.0, output: 15.0 }), ..options(&fake) };
    let world = World::with(options).await;
    std::fs::write(world.workdir().join("a.txt"), "one\n").unwrap();
    world.run("what is in them?").await;
    let mut told: Vec<String> = world.told();
    // the calls are made at once, and either answers first
    let at = told.iter().position(|line| line.contains("-> ")).unwrap();
    told[at..at + 2].sort();
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn a_person_allows_refuses_or_does_not_answer() {
    let write = |path: &str| Answer::Whole(vec![call("write", json!({"path": path, "content": "x"}))]);
    let answers = vec![write("yes"), write("no"), write("late"), Answer::Whole(vec![text("well")])];
    let fake = Fake::start(Form::OpenAi, answers).await;
    let policy = Policy { deny: vec!["shell".parse().unwrap()], ..Policy::default() };
    let options = LlmOptions { policy, approval_time: Some(Duration::from_secs(3)), ..options(&fake) };
    let world = World::with(options).await;
    world.input("go").await;
    let asked = world.answer("allow").await;
    assert_eq!(
        (asked.title.as_str(), &asked.extra["arguments"]),
        ("write: yes", &json!(r#"{"path":"yes","content":"x"}"#))
    );
    assert!(asked.call_id.is_some());
    world.until(|state| state.approvals.iter().any(|approval| approval.title == "write: no")).await;
    world.answer("deny").await;
    assert_eq!(world.ended().await, (Outcome::Completed, None));
    assert!(world.workdir().join("yes").exists());
    assert!(!world.workdir().join("no").exists() && !world.workdir().join("late").exists());
    let told = world.told().join("\n");
    for words in ["a person was asked, and does not allow this call", "did not answer in time", "approval_timed_out"] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[tokio::test]
async fn what_the_policy_denies_is_not_asked_about() {
    let answers =
        vec![Answer::Whole(vec![call("shell", json!({"command": "touch x"}))]), Answer::Whole(vec![text("ok")])];
    let fake = Fake::start(Form::OpenAi, answers).await;
    let policy = Policy { deny: vec!["shell".parse().unwrap()], otherwise: Verdict::Ask, ..Policy::default() };
    let world = World::with(LlmOptions { policy, ..options(&fake) }).await;
    assert_eq!(world.run("go").await, (Outcome::Completed, None));
    assert!(!world.workdir().join("x").exists());
    assert!(newest(&fake).body.to_string().contains("does not allow this call"));
}

#[tokio::test]
async fn a_command_is_cancelled_with_its_run() {
    let command = json!({"command": "echo $$ > pid; sleep 1000; touch late"});
    let fake = Fake::start(Form::OpenAi, vec![Answer::Whole(vec![call("shell", command)])]).await;
    let world = World::new(&fake).await;
    world.input("go").await;
    let pid = world.workdir().join("pid");
    while !std::fs::read_to_string(&pid).is_ok_and(|pid| pid.ends_with('\n')) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.runtime.interaction().cancel(world.worker).await.unwrap();
    assert_eq!(world.ended().await, (Outcome::Cancelled, None));
    assert!(world.told().iter().any(|line| line.contains("cancelled before it answered")), "{:#?}", world.told());
    let stat = format!("/proc/{}/stat", std::fs::read_to_string(&pid).unwrap().trim());
    while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z")) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!world.workdir().join("late").exists());
    // the next input works, and the model is told
    fake.answers(vec![Answer::Whole(vec![text("I see")])]);
    assert_eq!(world.run("what happened?").await, (Outcome::Completed, None));
    assert!(newest(&fake).body.to_string().contains("cancelled before it answered"));
}

#[tokio::test]
async fn a_conversation_goes_on_after_a_restart() {
    let fake = Fake::start(Form::Gemini, session()).await;
    let world = World::new(&fake).await;
    std::fs::write(world.workdir().join("a.txt"), "one\n").unwrap();
    world.run("what is in them?").await;
    let world = world.restarted(Arc::new(Llm::new("agent", options(&fake)).unwrap())).await;
    fake.answers(vec![Answer::Whole(vec![text("As I said.")])]);
    assert_eq!(world.run("and what was that?").await, (Outcome::Completed, None));
    let contents = newest(&fake).body["contents"].clone();
    let roles: Vec<_> = contents.as_array().unwrap().iter().map(|c| c["role"].as_str().unwrap().to_owned()).collect();
    assert_eq!(roles, ["user", "model", "user", "model", "user"], "{contents:#}");
    let text = contents.to_string();
    for words in ["what is in them?", "I look at both.", "They say one and two.", "and what was that?"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[tokio::test]
async fn a_conversation_that_outgrows_the_window_is_made_shorter_where_everybody_sees_it() {
    let long = "word ".repeat(1500);
    let answers = vec![
        Answer::Whole(vec![text(&long)]),
        Answer::Whole(vec![text("The person "), text("wants words.")]),
        Answer::Whole(vec![text("Here is one.")]),
    ];
    let fake = Fake::start(Form::OpenAi, answers).await;
    let world = World::with(LlmOptions { window: 2500, tools: vec![BuiltIn::Read], ..options(&fake) }).await;
    assert_eq!(world.run("many words").await, (Outcome::Completed, None));
    assert_eq!(world.run("one word").await, (Outcome::Completed, None));
    let told = world.told().join("\n");
    assert!(told.contains("notice context_compacted") && told.contains("opens summary"), "{told}");
    let asked = fake.asked();
    assert_eq!(asked.len(), 3);
    let last = asked[2].body["messages"].to_string();
    assert!(
        last.contains("The person wants words.") && last.contains("one word") && !last.contains("word word"),
        "{last}"
    );
    // and it stays short
    fake.answers(vec![Answer::Whole(vec![text("Still here.")])]);
    assert_eq!(world.run("still there?").await, (Outcome::Completed, None));
    let last = newest(&fake).body["messages"].to_string();
    assert!(last.contains("The person wants words.") && last.contains("Here is one.") && !last.contains("word word"));
}

#[tokio::test]
async fn limits_end_a_run_as_limits() {
    let read = || Answer::Whole(vec![call("read", json!({"path": "nothing"}))]);
    for (limits, reason, asked) in [
        (Limits { turns: 3, ..Limits::default() }, "turn_limit", 3),
        (Limits { tokens: Some(200), ..Limits::default() }, "token_limit", 2),
        (Limits { cost: Some(0.0005), ..Limits::default() }, "cost_limit", 2),
    ] {
        let fake = Fake::always(Form::OpenAi, read()).await;
        let price = Some(Price { input: 2.0, output: 10.0 });
        let world = World::with(LlmOptions { limits, price, ..options(&fake) }).await;
        assert_eq!(world.run("go").await, (Outcome::Limit, Some(reason.to_owned())));
        assert_eq!(fake.asked().len(), asked, "{reason}");
    }
    let fake = Fake::always(Form::Anthropic, Answer::Endless).await;
    let limits = Limits { time: Duration::from_millis(300), ..Limits::default() };
    let world = World::with(LlmOptions { limits, ..options(&fake) }).await;
    assert_eq!(world.run("go").await, (Outcome::Limit, Some("time_limit".to_owned())));
    let fake = Fake::always(Form::Anthropic, Answer::Full(vec![text("and then")])).await;
    assert_eq!(World::new(&fake).await.run("go").await, (Outcome::Limit, Some("answer_limit".to_owned())));
}

#[derive(Default)]
struct Counting(AtomicUsize);

impl Toolbox for Counting {
    fn tools(&self) -> Vec<Tool> {
        let (name, description) = ("count".to_owned(), "Counts".to_owned());
        vec![Tool {
            name,
            description,
            input_schema: json!({"type": "object", "properties": {"by": {"type": "integer"}}}),
        }]
    }

    fn call(&self, call: ToolCall) -> futures_util::future::BoxFuture<'_, Result<String, ToolFailure>> {
        let count = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(std::future::ready(Ok(format!("{count} {}", call.arguments))))
    }
}

#[tokio::test]
async fn tools_of_plugins_are_called_and_unknown_ones_are_told() {
    let answers = vec![
        Answer::Whole(vec![
            call("count", json!({"by": 2})),
            call("nowhere", json!({})),
            Say::Call("count", vec!["{\"by\":".into()]),
        ]),
        Answer::Whole(vec![text("done")]),
    ];
    let fake = Fake::start(Form::OpenAi, answers).await;
    let toolbox = Arc::new(Counting::default());
    let profile = Arc::new(Llm::new("agent", options(&fake)).unwrap());
    let world = World::of(profile, Some(Arc::clone(&toolbox) as Arc<dyn Toolbox>)).await;
    assert_eq!(world.run("go").await, (Outcome::Completed, None));
    assert_eq!(toolbox.0.load(Ordering::SeqCst), 1);
    let last = newest(&fake).body["messages"].to_string();
    for words in [r#"1 {\"by\":2}"#, "there is no tool `nowhere`; there are: read", "the arguments are not JSON"] {
        assert!(last.contains(words), "{words}: {last}");
    }
    assert_eq!(world.until(|_| true).await.status, Status::Idle);
}

/// Not a measurement: all of them are under way at once, and each gets what is its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_workers_stream_at_once() {
    const WORKERS: usize = 200;
    let says: Vec<Say> = (0..40).map(|n| text(&format!("word {n} "))).collect();
    let fake = Fake::always(Form::OpenAi, Answer::Slow(says, Duration::from_millis(20))).await;
    let world = World::new(&fake).await;
    let mut workers = Vec::new();
    for n in 0..WORKERS {
        workers.push(world.another().await);
        let content = vec![protocol::Part::text(format!("number {n}"))];
        let input = protocol::api::SendInput { content, idempotency_key: None };
        world.runtime.interaction().input(workers[n], input).await.unwrap();
    }
    let whole: String = (0..40).map(|n| format!("word {n} ")).collect();
    for worker in workers {
        let state = world
            .until_of(worker, |state| {
                state.status == Status::Idle && state.run.is_none() && state.transcript.len() == 2
            })
            .await;
        let entry = state.transcript.last().unwrap();
        assert_eq!(entry.text.as_deref(), Some(whole.as_str()));
    }
    assert_eq!(fake.asked().len(), WORKERS);
}
