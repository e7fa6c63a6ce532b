//! What a reviewer reads, and the exit statuses that go with it.

use super::Place;
use super::fixture::{API, BROAD, GATEWAY, NEAR};

#[test]
fn a_narrow_plugin_before_and_after_it_is_granted() {
    let place = Place::new();
    place.package("chat", &format!("{API}{GATEWAY}\n[limits]\nconnections = 2\nmemory_bytes = 134217728\n"));
    let before = place.page(&["show", "chat"]);
    place.good(&["grant", "chat", "--all", "--yes"]);
    insta::assert_snapshot!(format!("{before}\n\n{}", place.page(&["show", "chat"])));
}

#[test]
fn a_broad_plugin() {
    let place = Place::new();
    place.package("fetch", BROAD);
    insta::assert_snapshot!(place.page(&["show", "fetch"]));
}

#[test]
fn a_plugin_that_reaches_this_machine_and_the_local_network() {
    let place = Place::new();
    place.package("near", NEAR);
    insta::assert_snapshot!(place.page(&["show", "near"]));
}

#[test]
fn a_plugin_that_grew() {
    let place = Place::new();
    place.package("chat", API);
    place.good(&["grant", "chat", "--all", "--yes"]);
    place.package("chat", &format!("{}{GATEWAY}", API.replace("[\"/v1\"]", "[\"/v1\", \"/admin\"]")));
    insta::assert_snapshot!(place.page(&["show", "chat"]));
}

#[test]
fn a_broken_plugin() {
    let place = Place::new();
    let folder = place.package("bad", &API.replace("reason = ", "raeson = ").replace("\"https\"", "\"ftp\""));
    let wrong = place.page(&["show", "bad"]);
    super::fixture::write_package(&folder, "bad", API);
    std::fs::write(folder.join("plugin.wasm"), b"something else").unwrap();
    let other = place.page(&["show", "bad"]);
    std::fs::remove_file(folder.join("plugin.wasm")).unwrap();
    insta::assert_snapshot!(format!("{wrong}\n\n{other}\n\n{}", place.page(&["show", "bad"])));
}

#[test]
fn each_standing_has_its_exit_status_and_its_word_in_json() {
    let place = Place::new();
    let status = |expected: i32, verdict: &str| {
        let (status, json) = place.json(&["show", "chat"]);
        assert_eq!((status, json["verdict"].as_str()), (Some(expected), Some(verdict)), "{json}");
        assert_eq!(place.said(&["show", "chat"]).0, Some(expected));
        json
    };
    place.package("chat", API);
    let json = status(10, "missing");
    assert_eq!(json["capabilities"][0]["missing"][0]["target"], "api");
    assert_eq!(json["limits"]["connections"], 8);
    assert_eq!(json["imports"], serde_json::json!(["log", "request"]));
    place.good(&["grant", "chat", "api", "--yes"]);
    status(0, "granted");
    place.good(&["disable", "chat"]);
    status(12, "disabled");
    place.good(&["enable", "chat"]);
    place.package("chat", &format!("{API}{BROAD}"));
    let json = status(13, "suspended");
    assert_eq!(json["grew"][0]["target"]["id"], "anywhere");
    place.good(&["grant", "chat", "api", "--yes"]);
    status(11, "broad");
    place.good(&["grant", "chat", "--all", "--allow-broad", "--yes"]);
    status(0, "granted");
    std::fs::write(place.path().join(".yoi/plugins/chat/plugin.toml"), "[plugin").unwrap();
    let json = status(14, "broken");
    assert_eq!(json["problems"][0]["line"], 1);
    assert_eq!(place.said(&["show", "nobody"]).0, Some(3));
}

#[test]
fn a_package_can_be_shown_where_it_lies() {
    let place = Place::new();
    let folder = place.path().join("somewhere/package");
    super::fixture::write_package(&folder, "chat", API);
    for path in ["somewhere/package", "./somewhere/package/", "somewhere/package/plugin.toml"] {
        let (status, stdout, _) = place.said(&["show", path]);
        assert_eq!(status, Some(10));
        assert!(stdout.starts_with("chat 1.0.0: For tests"), "{stdout}");
    }
}

#[test]
fn a_grants_file_with_mistakes_grants_nothing_and_says_where() {
    let place = Place::new();
    place.package("chat", API);
    place.write(".yoi/plugins.toml", "[plugins.chat]\nenabled = 1\n[[plugins.chat.grants.request]]\nid = \"api\"\nhedaers = { authorization = \"hunter2\" }\n");
    for command in ["show", "grant", "revoke", "enable"] {
        let args: &[&str] = if command == "revoke" { &[command, "chat", "--all"] } else { &[command, "chat"] };
        let (status, stdout, stderr) = place.said(args);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{command}: {stderr}");
        assert!(stderr.contains("plugins.toml:2:") && !stderr.contains("hunter2"), "{stderr}");
    }
}
