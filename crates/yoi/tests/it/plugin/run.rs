//! One plugin in the foreground.
//!
//! Owns the tests that run a plugin's code: that of `yoi plugin new`, as `scripts/build-guests` builds it.

use super::Place;
use super::fixture::API;
use crate::process::said;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn first_plugin() -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let package = target.join("guests/first-plugin");
    if !package.join("plugin.toml").exists() {
        assert!(Command::new(root.join("scripts/build-guests")).status().unwrap().success());
    }
    package.canonicalize().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn a_tool_is_called_and_its_answer_is_stdout() {
    let (place, package) = (Place::new(), first_plugin());
    let args = ["run", &package, "--tool", "greet", r#"{"name": "Ada"}"#];
    assert_eq!(place.good(&args), "Hello, Ada!\n");
    assert_eq!(place.json(&args).1, serde_json::json!({ "answer": "Hello, Ada!" }));
    let (status, stdout, stderr) = place.said(&["run", &package, "--tool", "greet", "{}"]);
    assert_eq!((status, stdout.as_str()), (Some(9), ""), "{stderr}");
    let (status, _, stderr) = place.said(&["run", &package, "--tool", "shout", "{}"]);
    assert_eq!(status, Some(3));
    assert!(stderr.contains("It has greet."), "{stderr}");
}

#[test]
fn a_service_runs_until_ctrl_c() {
    let (place, package) = (Place::new(), first_plugin());
    let mut command = place.yoi(&["run", &package]);
    let mut running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "status: round 1");
    let pid = rustix::process::Pid::from_raw(running.id() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = running.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("round 1"), "its log: {stderr}");
}

#[test]
fn a_service_that_fails_to_start_says_why() {
    let (place, package) = (Place::new(), first_plugin());
    let mut command = place.yoi(&["run", &package, "--config", "[]", "--tool", "greet", r#"{"name": "Ada"}"#]);
    // the tool does not need the service
    let (status, stdout, stderr) = said(&mut command);
    assert_eq!((status, stdout.as_str()), (Some(0), "Hello, Ada!\n"), "{stderr}");
}

#[test]
fn what_is_not_granted_is_not_run() {
    let place = Place::new();
    place.package("chat", API);
    let (status, _, stderr) = place.said(&["run", "chat", "--tool", "x", "{}"]);
    assert_eq!(status, Some(10), "{stderr}");
    assert!(stderr.contains("hint: `yoi plugin show`"), "{stderr}");
    place.package("tools", "");
    let (status, _, stderr) = place.said(&["run", "tools"]);
    assert_eq!(status, Some(2), "{stderr}");
    assert!(stderr.contains("tools only"), "{stderr}");
}
