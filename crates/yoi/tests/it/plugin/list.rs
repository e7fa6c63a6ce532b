//! The list, in which nothing hides anything.

use super::Place;
use super::fixture::{API, BROAD, NEAR, write_package};

#[test]
fn every_package_has_a_line_and_one_that_is_broken_hides_none() {
    let place = Place::new();
    place.package("chat", API);
    place.package("fetch", BROAD);
    place.package("near", &format!("{API}{NEAR}"));
    place.package("off", API);
    place.package("tools", "");
    for id in ["chat", "off"] {
        place.good(&["grant", id, "--all", "--yes"]);
    }
    place.good(&["grant", "near", "api", "--yes"]);
    place.good(&["disable", "off"]);
    place.write(".yoi/plugins/aaa/plugin.toml", "[plugin]\nid = \"aaa\"\n");
    place.write(".yoi/plugins/bbb/readme.md", "nothing here");
    place.write(".yoi/plugins/.hidden/plugin.toml", "");
    place.write(".yoi/plugins/a-file", "");
    write_package(&place.path().join(".yoi/plugins/zzz"), "chat", BROAD);
    let before = std::fs::read_to_string(place.grants()).unwrap();
    std::fs::write(place.grants(), format!("{before}\n[plugins.gone]\nenabled = true\n")).unwrap();
    insta::assert_snapshot!(place.page(&["list"]));
    let (status, json) = place.json(&["list"]);
    assert_eq!(status, Some(0));
    let row = |id: &str| json["plugins"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(row("near")["marks"], serde_json::json!(["loopback", "private"]));
    assert_eq!((row("aaa")["standing"].as_str(), row("gone")["standing"].as_str()), (Some("broken"), Some("absent")));
    assert!(row("aaa")["problem"].as_str().unwrap().contains("plugin.toml:1:1"));
}

#[test]
fn a_folder_without_a_workspace_has_no_plugins() {
    let place = Place::new();
    assert_eq!(place.good(&["list"]).lines().count(), 1);
    assert_eq!(place.json(&["list"]).1, serde_json::json!({ "plugins": [] }));
    assert!(!place.path().join(".yoi").exists(), "nothing is written by looking");
}
