//! Signing in, and `yoi doctor`.
//!
//! Owns what is kept of a token, and that it goes to nobody but its server.

use super::good;
use super::scripted::{Answer, Scripted, TOKEN, runtimes};
use crate::process::said;
use crate::serving::Home;
use serde_json::{Value, json};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

fn backend() -> Scripted {
    Scripted::start(|line| (line == "GET /api/runtimes").then(|| runtimes(&[("local", "embedded")])))
}

/// As somebody with this home folder.
fn at_home(mut command: Command, home: &Path) -> Command {
    command.env("HOME", home).current_dir(home);
    command
}

/// The same, with this on stdin.
fn told(mut command: Command, stdin: &str) -> (Option<i32>, String, String) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn through_a_sign_in_lasts_until_it_is_forgotten() {
    let (backend, home) = (backend(), tempfile::tempdir().unwrap());
    let yoi = |args: &[&str]| at_home(backend.stranger(args), home.path());
    let (code, _, stderr) = said(&mut yoi(&["runtime", "list"]));
    assert_eq!(code, Some(4));
    assert!(stderr.contains("yoi login"), "{stderr}");

    // what the server does not take is not kept
    let (code, _, stderr) = told(yoi(&["login"]), "wrong\n");
    assert_eq!(code, Some(4), "{stderr}");
    let kept = home.path().join(".config/yoi/credentials.toml");
    assert!(!kept.exists());

    let (code, stdout, stderr) = told(yoi(&["login"]), &format!("{TOKEN}\n"));
    assert_eq!((code, stdout.as_str()), (Some(0), ""));
    assert!(stderr.starts_with(&format!("signed in to {} as ada (operator)\n", backend.url)), "{stderr}");
    assert!(!stderr.contains(TOKEN));
    assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    backend.tokens();
    let (stdout, _) = good(&mut yoi(&["whoami"]));
    insta::assert_snapshot!(stdout, @r"
    principal    ada
    role         operator
    signed in by token
    server       0.1.0
    ");
    assert!(backend.tokens().iter().all(|token| token.as_deref() == Some(TOKEN)));
    // another server is shown nothing, and the variable wins
    let other = self::backend();
    let mut elsewhere = yoi(&["runtime", "list"]);
    assert_eq!(said(elsewhere.env("YOI_URL", &other.url)).0, Some(4));
    assert_eq!(other.tokens(), [None]);
    assert_eq!(said(yoi(&["whoami"]).env("YOI_TOKEN", "mine")).0, Some(4));

    let (stdout, _) = good(yoi(&["logout"]).arg("--json"));
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap()["forgotten"], true);
    assert!(!std::fs::read_to_string(&kept).unwrap().contains(TOKEN));
    assert_eq!(said(&mut yoi(&["whoami"])).0, Some(4));
    let (_, stderr) = good(&mut yoi(&["logout"]));
    assert!(stderr.contains("no token was kept"), "{stderr}");
}

#[test]
fn through_a_token_comes_from_a_file_too_and_an_open_server_needs_none() {
    let (backend, home) = (backend(), tempfile::tempdir().unwrap());
    std::fs::write(home.path().join("t"), TOKEN).unwrap();
    let mut login = at_home(backend.stranger(&["login", "--token-file", "t", "--json"]), home.path());
    let config = home.path().join("elsewhere");
    let (stdout, _) = good(login.env("XDG_CONFIG_HOME", &config));
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap()["principal"], "ada");
    assert!(config.join("yoi/credentials.toml").exists());

    let open = Scripted::start(|line| {
        let session = json!({
            "principal": "local", "role": "admin", "authentication": "open",
            "server_version": "0.1.0", "server_time": "2026-01-01T00:00:10.000Z",
        });
        (line == "GET /api/session").then_some(Answer::Json(200, session))
    });
    let (_, stderr) = good(&mut at_home(open.stranger(&["login", "--token-file", "t"]), home.path()));
    assert!(stderr.contains("none was kept"), "{stderr}");
    assert!(!home.path().join(".config").exists());
}

#[test]
fn through_no_backend_a_runtime_is_signed_in_to_by_itself() {
    let home = Home::new("");
    let token_file = home.path().join("token");
    std::fs::write(&token_file, TOKEN).unwrap();
    let serving = home.serve(&["--token-file", token_file.to_str().unwrap()]);
    let yoi = |args: &[&str]| at_home(serving.yoi(args), home.path());
    assert_eq!(told(yoi(&["login"]), "wrong").0, Some(4));
    let (code, stdout, stderr) = told(yoi(&["login", "--json"]), TOKEN);
    assert_eq!(code, Some(0), "{stderr}");
    let id = serde_json::from_str::<Value>(&stdout).unwrap()["runtime_id"].as_str().unwrap().to_owned();
    let worker = good(&mut yoi(&["worker", "create", "--runtime", &id, "--profile", "echo"])).0;
    assert!(good(&mut yoi(&["worker", "list"])).0.contains(&format!("{id:<7}  {}", worker.trim())));
    good(&mut yoi(&["worker", "show", &format!("{id}/{}", worker.trim())]));
    let (code, _, stderr) = said(&mut yoi(&["worker", "show", &format!("elsewhere/{}", worker.trim())]));
    assert_eq!(code, Some(3), "{stderr}");
    assert!(good(&mut yoi(&["runtime", "list"])).0.contains(&id));
    assert!(good(&mut yoi(&["doctor"])).0.contains("it is the runtime"));
    let (code, _, stderr) = said(&mut yoi(&["whoami"]));
    assert_eq!(code, Some(2), "{stderr}");
}

#[test]
fn through_the_doctor_says_what_to_do() {
    let (backend, home) = (backend(), tempfile::tempdir().unwrap());
    std::fs::create_dir(home.path().join(".yoi")).unwrap();
    std::fs::write(home.path().join(".yoi/workspace.toml"), "linger = \"1m\"\n").unwrap();
    let (stdout, stderr) = good(&mut at_home(backend.yoi(&["doctor"]), home.path()));
    // the canned clock is long past
    insta::assert_snapshot!(stdout.replace(&backend.url, "URL").split_inclusive('\n').filter(|line| !line.contains("clock")).collect::<String>(), @r"
    ok   configuration: .yoi/workspace.toml reads
    ok   settings: `yoi serve` takes them
    ok   server: URL answers
    ok   token: signed in as ada (operator)
    ok   version: the server is 0.1.0, this command 0.1.0
    ok   runtime local: it is reached, and ready
    ");
    assert_eq!(stderr, "");
    assert!(stdout.contains("warn clock: the server's clock is "), "{stdout}");

    std::fs::write(home.path().join(".yoi/workspace.toml"), "x = \n").unwrap();
    let (code, stdout, stderr) = said(&mut at_home(backend.stranger(&["doctor", "--json"]), home.path()));
    assert_eq!((code, stderr.as_str()), (Some(1), "error: 2 of the checks failed\n"));
    let found: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(found["ok"], false);
    let checks: Vec<String> = found["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| format!("{} {}", check["check"], check["status"]))
        .collect();
    assert_eq!(checks, [r#""configuration" "fail""#, r#""server" "ok""#, r#""token" "fail""#]);
    assert!(found["checks"][2]["hint"].as_str().unwrap().contains("yoi login"));

    let (code, stdout, _) =
        said(&mut at_home(crate::process::yoi(&["doctor", "--url", "http://127.0.0.1:1"]), Path::new("/")));
    assert_eq!(code, Some(1));
    insta::assert_snapshot!(stdout, @r"
    fail server: cannot connect to 127.0.0.1:1: Connection refused (os error 111)
         hint: Check that the server is up, and that its URL is right. `--url` or YOI_URL sets it.
    ");
}
