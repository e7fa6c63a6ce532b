//! What the command says when there is nothing to talk to.
//!
//! Owns the tests of messages and exit statuses that need no server.

use crate::process::{said, yoi};

const WORKER: &str = "w_01jd3v5k9m8q2r4t6w8y0a1c3e";

#[test]
fn no_server_is_told_with_a_hint() {
    let (status, stdout, stderr) = said(&mut yoi(&["--url", "http://127.0.0.1:1", "watch", WORKER]));
    assert_eq!((status, stdout.as_str()), (Some(5), ""));
    insta::assert_snapshot!(stderr, @r"
    error: cannot connect to 127.0.0.1:1: Connection refused (os error 111)
    hint: Check that the server is up, and that its URL is right. `--url` or YOI_URL sets it.
    ");
}

#[test]
fn errors_are_problem_documents_where_json_is_asked_for() {
    let mut command = yoi(&["worker", "list", "--json"]);
    let (status, stdout, stderr) = said(command.env("YOI_URL", "http://127.0.0.1:1"));
    assert_eq!((status, stdout.as_str()), (Some(5), ""));
    insta::assert_snapshot!(stderr, @r#"{"type":"urn:yoi:error:runtime_unavailable","title":"The runtime cannot be reached now","status":503,"detail":"cannot connect to 127.0.0.1:1: Connection refused (os error 111)","code":"runtime_unavailable","retryable":true,"action":"wait"}"#);
}

#[test]
fn a_token_is_never_repeated() {
    let mut command = yoi(&["worker", "list", "--url", "http://127.0.0.1:1"]);
    let (status, _, stderr) = said(command.env("YOI_TOKEN", "hunter2 hunter2"));
    assert_eq!(status, Some(2));
    insta::assert_snapshot!(stderr, @r"
    error: YOI_TOKEN: the token holds characters other than visible ASCII
    hint: A token is one line of visible ASCII.
    ");
}

#[test]
fn a_missing_file_is_named() {
    let args = ["runtime", "show", "--ca-file", "/nowhere/ca.pem"];
    let (status, _, stderr) = said(&mut yoi(&args));
    assert_eq!(status, Some(1));
    insta::assert_snapshot!(stderr, @"error: cannot read /nowhere/ca.pem: No such file or directory (os error 2)");
}

#[test]
fn without_a_terminal_or_with_lines_asked_for_a_worker_has_to_be_named() {
    for args in [&["watch"][..], &["watch", "--plain"], &["watch", "--until-idle"], &["watch", "--raw"]] {
        let (status, stdout, stderr) = said(&mut yoi(args));
        assert_eq!((status, stdout.as_str()), (Some(2), ""));
        insta::allow_duplicates! {
            insta::assert_snapshot!(stderr, @r"
            error: which worker? Only the console, on a terminal and without other options, can do without one
            hint: `yoi worker list` shows them; `yoi watch WORKER` follows one.
            ");
        }
    }
    let (status, _, stderr) = said(&mut yoi(&["watch", "--json"]));
    assert_eq!(status, Some(2));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&stderr).unwrap()["code"], "invalid_input");
}

#[test]
fn a_new_token_comes_with_lines_that_can_be_pasted() {
    let (status, token, stderr) = said(&mut yoi(&["token", "new", "ada", "--role", "viewer"]));
    assert_eq!(status, Some(0));
    let (hash, told): (Vec<&str>, Vec<&str>) = stderr.lines().partition(|line| line.starts_with("token_hash = "));
    insta::assert_snapshot!(told.join("\n"), @r#"
    Add this to .yoi/workspace.toml, and give the token to ada:

    [[principals]]
    name = "ada"
    role = "viewer"
    "#);
    let digits = hash[0].strip_prefix("token_hash = \"sha256:").and_then(|rest| rest.strip_suffix('"')).unwrap();
    assert!(digits.len() == 64 && !stderr.contains(token.trim()), "{stderr}");
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (status, stdout, stderr) = said(&mut yoi(&["completions", shell]));
        assert_eq!((status, stderr.as_str()), (Some(0), ""));
        assert!(stdout.contains("transcript"), "{shell}");
    }
}
