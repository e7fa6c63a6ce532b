//! Tools: of Rust and of C, of a new plugin, and of the probe.

use crate::packages::{all_granted, grants, package};
use crate::running::Running;
use crate::servers::Server;
use plugin_host::{State, ToolError};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn exact_tools_answer_without_any_grant() {
    let package = package("exact-tools", |text| text);
    let grants = grants(&package, &[]);
    let tools = Running::start(package, grants, json!({})).await;
    let names: Vec<String> = tools.host.tools().into_iter().map(|(_, tool)| tool.name).collect();
    assert_eq!(names, ["count", "days", "compare"]);
    let answer = tools.call("days", json!({ "from": "2026-01-31", "add": 30 })).await;
    assert_eq!(answer.as_deref(), Ok("2026-03-02, a Monday, 30 days after 2026-01-31"));
    let answer = tools.call("count", json!({ "text": "strawberry", "find": "r" })).await.unwrap();
    assert!(answer.ends_with("\"r\" occurs 3 times"), "{answer}");
    let error = tools.call("days", json!({ "from": "2026-02-29" })).await;
    assert!(matches!(error, Err(ToolError::InvalidArguments(_))), "{error:?}");
    tools.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_plugin_runs_and_greets() {
    let package = package("first-plugin", |text| text);
    let grants = all_granted(&package);
    let mut plugin = Running::start(package, grants, json!({ "every_s": 3600 })).await;
    plugin.status("round 1").await;
    assert_eq!(plugin.call("greet", json!({ "name": "Ada" })).await.as_deref(), Ok("Hello, Ada!"));
    plugin.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_in_c_without_any_kit_speaks_over_a_websocket() {
    let server = Server::start().await;
    let port = server.port();
    let target = format!(
        "\n[[host_api.websocket.targets]]\nid = \"echo\"\nschemes = [\"ws\"]\nhosts = [\"127.0.0.1\"]\n\
         ports = [{port}]\npath_prefixes = [\"/echo\"]\naddress = \"loopback\"\nreason = \"For a test.\"\n"
    );
    let package = package("c-echo", |text| text + &target);
    let grants = all_granted(&package);
    let plugin = Running::start(package, grants, json!({})).await;
    let echo = |path: &str, text: &str| json!({ "url": format!("ws://127.0.0.1:{port}{path}"), "text": text });

    let peers = tokio::spawn(async move {
        server.accept().await.echo().await;
        server.accept().await.echo().await;
        // and one that says nothing
        drop(server.accept().await);
    });
    assert_eq!(plugin.call("echo", echo("/echo", "grün")).await.as_deref(), Ok("grün"));
    let long = "x".repeat(200_000);
    assert_eq!(plugin.call("echo", echo("/echo/long", &long)).await, Ok(long), "its memory grows");
    // before or after the text was sent: who is faster decides
    let closed = plugin.call("echo", echo("/echo", "x")).await;
    assert!(matches!(&closed, Err(ToolError::Failed(why)) if why.ends_with("closed")), "{closed:?}");
    peers.await.unwrap();

    let denied = plugin.call("echo", echo("/other", "x")).await;
    assert_eq!(denied, Err(ToolError::Failed("denied".to_owned())));
    let wrong = plugin.call("echo", json!({ "url": 1 })).await;
    assert!(matches!(wrong, Err(ToolError::InvalidArguments(_))), "{wrong:?}");
    plugin.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_probe_knows_every_step_that_its_page_names() {
    let page = include_str!("../../../../tests/guests/README.md");
    let (_, table) = page.split_once("| `do` |").unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let words: Vec<&str> =
        rows.filter_map(|row| row.split('|').nth(1)).flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert!(words.len() > 30, "{words:?}");
    let target = |capability: &str, scheme: &str, methods: &str| {
        format!(
            "\n[[host_api.{capability}.targets]]\nid = \"nobody\"\nschemes = [\"{scheme}\"]\nhosts = [\"127.0.0.1\"]\n\
             ports = [9]\n{methods}path_prefixes = [\"/x\"]\naddress = \"loopback\"\nreason = \"For a test.\"\n"
        )
    };
    let targets = target("request", "http", "methods = [\"GET\"]\n") + &target("websocket", "ws", "");
    let package = package("probe", |text| text + &targets);
    let grants = all_granted(&package);
    let probe = Running::start(package, grants, json!({})).await;
    let status = probe.until(|status| status.state != State::Starting).await;
    assert_eq!(status.last_error, None);
    for word in words {
        let step = json!({
            "do": word, "ms": 1, "most": 2, "times": 1, "bytes": 10, "text": "x", "key": "k", "value": "v",
            "url": "ws://127.0.0.1:9/", "timeout_ms": 1, "steps": [],
        });
        let answer = probe.call("do", json!({ "steps": [step] })).await;
        match word {
            "recurse" | "panic" | "trap" | "invalid_utf8" => {
                assert!(matches!(answer, Err(ToolError::Call(_))), "{word}: {answer:?}");
            }
            "fail" => assert_eq!(answer, Err(ToolError::Failed("x".to_owned()))),
            "huge" => assert_eq!(answer.as_deref(), Ok("hhhhhhhhhh")),
            "garbage" => assert!(answer.is_ok(), "{answer:?}"),
            _ => {
                let answer: Value =
                    serde_json::from_str(&answer.unwrap_or_else(|error| panic!("{word}: {error}"))).unwrap();
                assert_ne!(answer[0]["error"]["kind"], "unknown-step", "{word}");
            }
        }
    }
    probe.end().await;
}
