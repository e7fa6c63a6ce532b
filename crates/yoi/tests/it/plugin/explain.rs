//! Why something is allowed, and why not.

use super::Place;
use super::fixture::{API, GATEWAY, NEAR};

fn place() -> Place {
    let place = Place::new();
    place.package("chat", &format!("{API}{GATEWAY}{NEAR}"));
    place.good(&["grant", "chat", "api", "gateway", "--yes"]);
    let text = std::fs::read_to_string(place.grants()).unwrap();
    let line =
        "path_prefixes = [\"/v1\"]\nheaders = { authorization = { env = \"CHAT_TOKEN\", prefix = \"Bearer \" } }";
    std::fs::write(place.grants(), text.replacen("path_prefixes = [\"/v1\"]", line, 1)).unwrap();
    place
}

#[test]
fn what_is_allowed_says_by_which_lines() {
    let place = place();
    let request = place.page(&["explain", "chat", "GET", "https://api.example.org/v1/users?key=hunter2"]);
    assert!(
        !request
            .replace("$ yoi plugin explain chat GET https://api.example.org/v1/users?key=hunter2", "")
            .contains("hunter2")
    );
    let websocket =
        place.page(&["explain", "chat", "ws", "wss://gateway.example.org/connect", "--subprotocol", "chat.v2"]);
    insta::assert_snapshot!(format!("{request}\n\n{websocket}"));
}

#[test]
fn what_is_refused_says_why_and_which_line_would_allow_it() {
    let place = place();
    let pages: Vec<String> = [
        vec!["explain", "chat", "GET", "https://api.example.org/v2"],
        vec!["explain", "chat", "DELETE", "https://api.example.org/v1"],
        vec!["explain", "chat", "GET", "https://api.example.com/v1"],
        vec!["explain", "chat", "POST", "http://localhost:11434/api/generate"],
        vec!["explain", "chat", "GET", "wss://gateway.example.org/connect"],
        vec!["explain", "chat", "WEBSOCKET", "wss://gateway.example.org/connect", "--subprotocol", "chat.v3"],
        vec!["explain", "chat", "GET", "https://api.example.org/v1", "--header", "cookie"],
        vec!["explain", "chat", "GET", "https://ada@api.example.org/v1"],
        vec!["explain", "chat", "GET", "http://169.254.169.254/latest"],
    ]
    .iter()
    .map(|args| place.page(args))
    .collect();
    assert!(pages.iter().all(|page| page.ends_with("---- status 1")), "{pages:#?}");
    insta::assert_snapshot!(pages.join("\n\n"));
}

#[test]
fn json_has_the_same_answer() {
    let place = place();
    let (status, json) = place.json(&["explain", "chat", "GET", "https://api.example.org/v1/x"]);
    assert_eq!((status, json["allowed"].as_bool()), (Some(0), Some(true)));
    assert_eq!(json["granted_by"], serde_json::json!(["api"]));
    assert_eq!(json["reaches"], serde_json::json!(["public"]));
    assert_eq!(json["credentials"][0]["source"], "the variable CHAT_TOKEN");
    let (status, json) = place.json(&["explain", "chat", "GET", "https://api.example.org/x"]);
    assert_eq!((status, json["reason"].as_str()), (Some(1), Some("path")));
    assert_eq!(json["remedy"]["target"], "api");
    place.good(&["disable", "chat"]);
    let (status, json) = place.json(&["explain", "chat", "GET", "https://api.example.org/v1/x"]);
    assert_eq!((status, json["reason"].as_str()), (Some(1), Some("disabled")));
}

#[test]
fn what_cannot_be_answered_is_no_refusal() {
    let place = place();
    assert_eq!(place.said(&["explain", "nobody", "GET", "https://api.example.org/"]).0, Some(3));
    place.write(".yoi/plugins/chat/plugin.toml", "[plugin");
    let (status, _, stderr) = place.said(&["explain", "chat", "GET", "https://api.example.org/"]);
    assert_eq!(status, Some(14), "{stderr}");
    assert!(stderr.contains("plugin.toml:1:"), "{stderr}");
}
