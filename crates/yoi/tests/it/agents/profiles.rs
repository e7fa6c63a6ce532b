//! `yoi profile`: what it tells of a file, and what it finds wrong.

use super::KEY;
use crate::process::{said, yoi};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const SETTINGS: &str = r#"
default_profile = "claude"

[profiles.claude]
executor = "llm"
description = "Reviews \u001b[31mred\u001b[0m"
provider = "anthropic"
model = "claude-sonnet-4-5"
key = { env = "A_KEY" }
allow = ["edit(src/**)"]

[profiles.agent]
executor = "acp"
command = ["sh", "-c", "touch started"]

[profiles.missing]
executor = "acp"
command = ["no-such-agent", "acp"]
"#;

fn profile(folder: &Path, args: &[&str]) -> Command {
    let mut command = yoi(&["profile"]);
    command.args(args).current_dir(folder).env("PATH", "/usr/bin:/bin").env("A_KEY", KEY);
    command
}

fn folder(settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".yoi")).unwrap();
    std::fs::write(folder.path().join(".yoi/runtime.toml"), settings).unwrap();
    folder
}

#[test]
fn agents_profiles_are_listed_shown_and_checked_without_starting_any() {
    let folder = folder(SETTINGS);
    let (status, listed, stderr) = said(&mut profile(folder.path(), &["list"]));
    assert_eq!(status, Some(0), "{stderr}");
    insta::assert_snapshot!(listed);
    let (_, shown, _) = said(&mut profile(folder.path(), &["show", "claude"]));
    insta::assert_snapshot!(shown);
    let (status, checked, stderr) = said(&mut profile(folder.path(), &["check"]));
    assert_eq!(status, Some(1), "{stderr}");
    insta::assert_snapshot!(checked.replace("/usr/bin/sh", "/bin/sh"));
    assert_eq!(said(&mut profile(folder.path(), &["check", "claude"])).0, Some(0));
    let (_, json, _) = said(&mut profile(folder.path(), &["list", "--json"]));
    let json: Value = serde_json::from_str(&json).unwrap();
    let names: Vec<_> = json["profiles"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert!(["agent", "claude", "echo", "missing"].iter().all(|name| names.contains(name)), "{names:?}");
    let (status, _, stderr) = said(&mut profile(folder.path(), &["show", "nobody"]));
    assert_eq!(status, Some(2));
    assert!(stderr.contains("there is no profile `nobody`") && stderr.contains("claude"), "{stderr}");
    assert!(!folder.path().join("started").exists());
    assert!(![listed, shown, checked].concat().contains(KEY));
}

#[test]
fn agents_a_file_that_does_not_fit_is_told_by_its_place() {
    let settings = "[profiles.a]\nexecutor = \"llm\"\nprovider = \"nobody\"\nmodel = \"m\"\ntools = [\"reed\"]\n";
    let folder = folder(settings);
    let (status, stdout, stderr) = said(&mut profile(folder.path(), &["check"]));
    assert_eq!((status, stdout.as_str()), (Some(2), ""), "{stderr}");
    insta::assert_snapshot!(stderr);
}

#[test]
fn agents_the_examples_fit() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/agents");
    for file in std::fs::read_dir(examples).unwrap() {
        let file = file.unwrap().path();
        let settings = std::fs::read_to_string(&file).unwrap();
        let folder = folder(&settings);
        let mut command = profile(folder.path(), &["list", "--json"]);
        for key in ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"] {
            command.env(key, KEY);
        }
        let (status, stdout, stderr) = said(&mut command);
        assert_eq!(status, Some(0), "{}: {stderr}", file.display());
        let json: Value = serde_json::from_str(&stdout).unwrap();
        let executors = json["profiles"].as_array().unwrap().iter().map(|row| row["executor"].as_str().unwrap());
        let agents: Vec<_> = executors.filter(|executor| matches!(*executor, "llm" | "acp")).collect();
        assert_eq!(agents.len(), 1, "{}: {stdout}", file.display());
    }
}
