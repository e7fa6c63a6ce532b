//! `check`, `new` and `pack`.

use super::Place;
use super::fixture::{API, BROAD, NEAR};

#[test]
fn a_check_says_what_is_right_and_what_is_broad() {
    let place = Place::new();
    place.package("fetch", &format!("{API}{BROAD}"));
    place.package("unused", "");
    let folder = place.package("asks", NEAR);
    let (component, text) = (place.path().join(".yoi/plugins/unused/plugin.wasm"), folder.join("plugin.toml"));
    let manifest = std::fs::read_to_string(&text).unwrap();
    let at = manifest.find("sha256:").unwrap();
    let bytes = std::fs::read(component).unwrap();
    std::fs::write(&text, manifest.replace(&manifest[at..at + 71], &manifest::Digest::of(&bytes).to_string())).unwrap();
    std::fs::write(folder.join("plugin.wasm"), bytes).unwrap();
    let broad = place.page(&["check", ".yoi/plugins/fetch"]);
    insta::assert_snapshot!(format!("{broad}\n\n{}", place.page(&["check", ".yoi/plugins/asks"])));
    let (status, json) = place.json(&["check", ".yoi/plugins/fetch"]);
    assert_eq!((status, json["ok"].as_bool()), (Some(0), Some(true)));
    let kinds: Vec<_> = json["broad"].as_array().unwrap().iter().map(|finding| finding["kind"].clone()).collect();
    assert_eq!(kinds, ["any_host", "shared_suffix", "any_port", "in_the_clear", "every_path"]);
}

#[test]
fn a_check_of_what_is_wrong_says_where() {
    let place = Place::new();
    place.package("bad", &API.replace("\"https\"", "\"ftp\"").replace("methods", "method"));
    insta::assert_snapshot!(place.page(&["check", ".yoi/plugins/bad/plugin.toml"]));
    let (status, json) = place.json(&["check", ".yoi/plugins/bad"]);
    assert_eq!((status, json["ok"].as_bool()), (Some(14), Some(false)));
    assert!(json["problems"][0]["line"].as_u64().unwrap() > 10, "{json}");
    assert_eq!(place.said(&["check", "nowhere"]).0, Some(3));
}

#[test]
fn a_new_plugin_is_a_folder_and_nothing_is_overwritten() {
    let place = Place::new();
    let (status, stdout, stderr) = place.said(&["new", "hello"]);
    assert_eq!(status, Some(0), "{stderr}");
    assert!(stdout.contains("hello/plugin.toml\n") && stderr.contains("yoi plugin pack"), "{stdout}{stderr}");
    assert!(place.path().join("hello/src/lib.rs").exists());
    let (status, _, stderr) = place.said(&["new", "hello"]);
    assert_eq!(status, Some(2));
    assert!(stderr.contains("is there already") && stderr.contains("hint: "), "{stderr}");
    let (status, _, stderr) = place.said(&["new", "Hello World"]);
    assert_eq!(status, Some(2), "{stderr}");
    let (_, json) = place.json(&["new", "other", "--dir", "elsewhere"]);
    assert_eq!((json["id"].as_str(), json["folder"].as_str()), (Some("other"), Some("elsewhere")));
    // nothing was built yet
    let (status, _, stderr) = place.said(&["pack", "hello"]);
    assert_eq!(status, Some(14));
    assert!(stderr.contains("there is no code") && stderr.contains("hint: build it first"), "{stderr}");
}

#[test]
fn packing_a_component_makes_a_package_that_checks() {
    let place = Place::new();
    let from = place.package("chat", API);
    place.good(&["new", "chat"]);
    let manifest = std::fs::read_to_string(place.path().join("chat/plugin.toml")).unwrap();
    std::fs::write(place.path().join("chat/plugin.toml"), format!("{manifest}{API}")).unwrap();
    let code = from.join("plugin.wasm");
    assert_eq!(place.good(&["pack", "chat", "--code", code.to_str().unwrap()]), "chat/package\n");
    place.good(&["check", "chat/package"]);
    let (_, json) = place.json(&["pack", "chat", "--code", code.to_str().unwrap(), "--into", "out"]);
    assert_eq!(json["folder"], "out");
    assert!(json["digest"].as_str().unwrap().starts_with("sha256:"));
}
