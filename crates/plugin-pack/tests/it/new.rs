//! New plugins: what is written, and what is refused. That one builds is proved by
//! `scripts/build-guests`.

use manifest::{Digest, Manifest};
use plugin_pack::{NewError, new};
use std::fs;

#[test]
fn a_new_plugin_has_its_name_everywhere_and_a_manifest_that_lacks_only_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("chat-bridge");
    let files = new(&folder, "chat-bridge").unwrap();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        assert!(!text.contains("PLUGIN-NAME"), "{}", file.display());
    }
    let text = fs::read_to_string(folder.join("plugin.toml")).unwrap();
    let line = format!("path = \"plugin.wasm\"\nsha256 = \"{}\"", Digest::of(b""));
    let manifest = Manifest::parse(&text.replace("path = \"plugin.wasm\"", &line)).unwrap();
    assert_eq!(&*manifest.plugin().id, "chat-bridge");
    let bindings = fs::read_to_string(folder.join("kit/pdk/src/bindings.rs")).unwrap();
    assert!(bindings.contains("\"../wit\"") && folder.join("kit/wit/package.wit").is_file());
}

#[test]
fn the_targets_in_the_comments_are_good_ones() {
    let folder = tempfile::tempdir().unwrap();
    new(folder.path(), "x1").unwrap();
    let text = fs::read_to_string(folder.path().join("plugin.toml")).unwrap();
    let headed = text.replace("# [", "[");
    let shown = headed.lines().map(|line| {
        let is_entry = line.starts_with("# ") && line.contains(" = ");
        format!("{}\n", if is_entry { &line[2..] } else { line })
    });
    let line = format!("path = \"plugin.wasm\"\nsha256 = \"{}\"", Digest::of(b""));
    let shown = shown.collect::<String>().replace("path = \"plugin.wasm\"", &line);
    let manifest = Manifest::parse(&shown).unwrap_or_else(|problems| panic!("{problems}\n{shown}"));
    assert_eq!(manifest.limits().connections, 2);
}

#[test]
fn a_name_that_cannot_be_one_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", "Chat", "1st", "a b", "../a", "test", &"a".repeat(41)] {
        assert!(matches!(new(folder.path(), name), Err(NewError::Name(_))), "{name}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    assert!(matches!(new(folder.path(), "bridge"), Err(NewError::Exists(_))));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
