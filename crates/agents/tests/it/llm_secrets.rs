//! Canaries in environment, headers and error bodies: none of them is found in anything written or said.

use crate::fake::{Answer, Form, call, text};
use crate::world::{KEY, World, each_form, options};
use agents::{LlmOptions, Secret};
use serde_json::json;

const HEADER: &str = "canary-header-4711";
const VARIABLE: &str = "canary-variable-0815";

#[tokio::test]
async fn no_canary_is_seen_anywhere() {
    let echo = format!("you sent {KEY} and {HEADER}");
    let answers = || {
        vec![
            Answer::Status(500, vec![("x-debug", KEY.into())], json!({"error": {"message": echo}}).to_string()),
            Answer::Whole(vec![
                text("your key is sk-cana"),
                text("ry-0123456789, and"),
                text(" the header canary-"),
                text("header-4711"),
                call("shell", json!({"command": "env; echo $TOKEN; cat key"})),
                call("write", json!({"path": "key", "content": VARIABLE})),
            ]),
            Answer::Status(400, Vec::new(), json!({"error": {"message": echo}}).to_string()),
        ]
    };
    for fake in each_form(answers).await {
        let mut options: LlmOptions = options(&fake);
        options.provider.headers.push(("x-team".into(), Secret::new(HEADER)));
        options.shell.variables = agents::Variables::default().with_secret("TOKEN", Secret::new(VARIABLE));
        let world = World::with(options).await;
        world.run("show me everything").await;
        let form = fake.form;
        let events = format!("{:?}", world.events());
        for canary in [KEY, HEADER, VARIABLE] {
            assert!(!events.contains(canary), "{form:?}: {canary} is in {:#?}", world.told());
            let kept = world.files_with(canary);
            // the file that the model wrote itself is where it was asked to be
            let own = world.workdir().join("key").display().to_string();
            assert!(kept.iter().all(|file| *file == own), "{form:?}: {canary} is in {kept:?}");
        }
        assert!(events.contains("[redacted]"), "{form:?}");
        let sent = fake.asked();
        if form != Form::Ollama {
            assert!(sent[0].headers.contains(HEADER), "{form:?}: it was sent where it belongs");
        }
    }
}
