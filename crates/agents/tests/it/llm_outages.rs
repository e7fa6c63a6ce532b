//! Providers that fail in every way that they do: each run ends as it should, and no call is made twice.

use crate::fake::{Answer, Fake, Form, call, text};
use crate::world::{World, each_form, options};
use agents::LlmOptions;
use protocol::Outcome;
use serde_json::json;
use std::time::{Duration, Instant};

fn failing(what: &str) -> Answer {
    let says = vec![text("half "), text("an "), text("answer")];
    match what {
        "cut off" => Answer::CutOff(says),
        "torn" => Answer::Torn(says),
        "malformed" => Answer::Malformed(says),
        "overloaded" => Answer::Overloaded(says),
        "429" => Answer::Status(429, vec![("retry-after", "1".into())], r#"{"error":{"message":"slow down"}}"#.into()),
        "529" => Answer::Status(529, Vec::new(), r#"{"error":{"message":"overloaded"}}"#.into()),
        "500" => Answer::Status(500, Vec::new(), "<html>oops</html>".into()),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn what_passes_is_waited_for_and_nothing_is_done_twice() {
    for what in ["cut off", "torn", "malformed", "overloaded", "529", "500"] {
        let append = || call("shell", json!({"command": "echo once >> log"}));
        let answers = || {
            vec![
                failing(what),
                Answer::Whole(vec![append()]),
                failing(what),
                failing(what),
                Answer::Whole(vec![text("done")]),
            ]
        };
        for fake in each_form(answers).await {
            let world = World::new(&fake).await;
            let ended = world.run("go").await;
            let told = world.told();
            assert_eq!(ended, (Outcome::Completed, None), "{what} {:?}: {told:#?}", fake.form);
            let log = std::fs::read_to_string(world.workdir().join("log")).unwrap();
            assert_eq!(log, "once\n", "{what} {:?}", fake.form);
            assert_eq!(fake.asked().len(), 5);
            assert_eq!(
                told.iter().filter(|line| line.starts_with("retry ")).count(),
                3,
                "{what} {:?}: {told:#?}",
                fake.form
            );
            // what was said in vain is not part of the conversation
            assert!(!fake.asked()[4].body.to_string().contains("half"), "{what} {:?}", fake.form);
        }
    }
}

#[tokio::test]
async fn what_does_not_pass_ends_the_run_with_its_reason() {
    for (what, reason) in [
        ("cut off", "provider_cut_off"),
        ("torn", "provider_cut_off"),
        ("malformed", "provider_malformed"),
        ("529", "provider_overloaded"),
        ("500", "provider_failed"),
    ] {
        for form in Form::ALL {
            let fake = Fake::always(form, failing(what)).await;
            let world = World::new(&fake).await;
            let ended = world.run("go").await;
            assert_eq!(ended, (Outcome::Failed, Some(reason.to_owned())), "{what} {form:?}: {:#?}", world.told());
            assert_eq!(fake.asked().len(), 4, "{what} {form:?}");
        }
    }
    let refuses = Answer::Status(401, Vec::new(), r#"{"error":{"message":"bad key"}}"#.into());
    for form in Form::ALL {
        let fake = Fake::always(form, refuses.clone()).await;
        let world = World::new(&fake).await;
        assert_eq!(world.run("go").await, (Outcome::Failed, Some("provider_unauthorized".to_owned())), "{form:?}");
        assert_eq!(fake.asked().len(), 1, "{form:?}");
        assert!(world.told().iter().any(|line| line.contains("bad key")), "{form:?}: {:#?}", world.told());
    }
}

#[tokio::test]
async fn a_provider_says_how_long_to_wait() {
    let fake = Fake::start(Form::OpenAi, vec![failing("429"), Answer::Whole(vec![text("now")])]).await;
    let world = World::new(&fake).await;
    let begun = Instant::now();
    assert_eq!(world.run("go").await, (Outcome::Completed, None));
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert!(
        world.told().iter().any(|line| line == "retry 2 the provider limits the rate (429): slow down"),
        "{:#?}",
        world.told()
    );
    let long = Answer::Status(429, vec![("retry-after", "3600".into())], String::new());
    let fake = Fake::start(Form::OpenAi, vec![long]).await;
    assert_eq!(World::new(&fake).await.run("go").await, (Outcome::Failed, Some("rate_limited".to_owned())));
}

#[tokio::test]
async fn nobody_waits_for_ever() {
    for form in Form::ALL {
        for answer in [Answer::Silent, Answer::Pings] {
            let fake = Fake::always(form, answer.clone()).await;
            let world = World::with(LlmOptions { patience: Duration::from_millis(100), ..options(&fake) }).await;
            let ended = world.run("go").await;
            assert_eq!(ended, (Outcome::Failed, Some("provider_silent".to_owned())), "{form:?} {answer:?}");
        }
        // one that talks for ever is ended by whoever watches
        let fake = Fake::always(form, Answer::Endless).await;
        let world = World::new(&fake).await;
        world.input("go").await;
        world.until(|state| state.open_blocks.first().is_some_and(|block| block.text.len() > 200)).await;
        world.runtime.interaction().cancel(world.worker).await.unwrap();
        assert_eq!(world.ended().await, (Outcome::Cancelled, None), "{form:?}");
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_told() {
    let fake = Fake::start(Form::OpenAi, Vec::new()).await;
    let options = options(&fake);
    drop(fake);
    let world = World::with(options).await;
    let (outcome, reason) = world.run("go").await;
    assert_eq!(outcome, Outcome::Failed);
    assert_eq!(reason.as_deref(), Some("provider_unreachable"));
    assert!(!world.told().join("\n").contains("127.0.0.1"), "{:#?}", world.told());
}
