//! The program: its usage, its settings, its beginning and its end.

use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn program(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_worker-runtime"));
    command.args(args).current_dir(folder).env_clear().envs(env.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
    program(folder, args, env).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a run printed and ended with.
fn told(output: &Output) -> String {
    format!("exit {}\n{}{}", output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn folder(toml: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".yoi")).unwrap();
    std::fs::write(folder.path().join(".yoi/runtime.toml"), toml).unwrap();
    folder
}

#[test]
fn help() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("help", told(&run(folder.path(), &["--help"], &[("COLUMNS", "100")])));
}

#[test]
fn flag_variable_file_and_default_in_this_order() {
    let folder = folder(
        r#"
        runtime_id = "from-file"
        heartbeat = "1s"
        drain = "1s"
        token = { env = "MY_TOKEN" }
        store = "data"
        [log]
        max_events = 5
        [profiles.agent]
        executor = "process"
        command = ["cat"]
        env = { KEY = { env = "MY_TOKEN" }, PLAIN = "hidden-too" }
        "#,
    );
    let env = [("YOI_HEARTBEAT", "2s"), ("YOI_DRAIN", "2s"), ("MY_TOKEN", "hunter2")];
    let output = run(folder.path(), &["config", "show", "--drain", "3s"], &env);
    let shown = told(&output);
    assert!(!shown.contains("hunter2") && !shown.contains("hidden-too"), "{shown}");
    insta::assert_snapshot!("config_show", shown);
    let json = run(folder.path(), &["config", "show", "--json"], &env);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["settings"][0]["value"], "from-file");
    assert!(!json.to_string().contains("hunter2"));
}

#[test]
fn everything_wrong_is_told_at_once() {
    let folder = folder(
        "lisen = 1\nheartbeat = \"fast\"\ntoken = \"hunter2\"\ndurability = 'maybe'\n[log]\nmax_event = 1\n\
         [profiles.a]\nexecutor = \"echo\"\nspeed = 1\n[profiles.b]\ncommand = []\n[profiles.c]\nexecutor = \"process\"\n\
         command = [\"x\"]\nlifetime = \"kept\"\n[profiles.d]\nexecutor = \"replay\"\nspeed = -1\nfile = \"x\"\n",
    );
    let output =
        run(folder.path(), &["--max-workers", "0", "--tls-cert", "x"], &[("YOI_LISTEN", ""), ("YOI_DRAIN", "1y")]);
    let told = told(&output);
    assert!(!told.contains("hunter2"), "{told}");
    insta::assert_snapshot!("config_problems", told);
}

#[test]
fn settings_that_are_wrong_end_it_with_2() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.toml"), "a = [\nb = 'unclosed").unwrap();
    std::fs::write(folder.path().join("token"), "hunter 2\n").unwrap();
    for (args, words) in [
        (&["--listen", "0.0.0.0:0"][..], "token"),
        (&["--config", "missing.toml"], "missing.toml"),
        (&["--config", "bad.toml"], "bad.toml:2:"),
        (&["--token-file", "nowhere"], "nowhere"),
        (&["--token-file", "token"], "visible ASCII"),
        (&["--tls-cert", "token", "--tls-key", "token"], "PEM"),
        (&["--default-profile", "none"], "none of the profiles"),
        (&["--no-such-flag"], "--no-such-flag"),
    ] {
        let output = run(folder.path(), args, &[]);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
        assert!(told.contains(words) && !told.contains("hunter"), "{args:?}: {told}");
    }
}

/// Starts it, and waits until it says where it listens.
fn begin(command: &mut Command) -> (Child, String) {
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("listening on http://").unwrap_or_else(|| panic!("{line}"));
    (child, address.to_owned())
}

fn ask(address: &str, request: &str, headers: &str, body: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut got = String::new();
    stream.read_to_string(&mut got).unwrap();
    got
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let folder = folder(
        "store = 'memory'\ndrain = '60s'\ndefault_profile = 'stubborn'\n[profiles.stubborn]\nexecutor = 'process'\n\
         command = ['sh', '-c', 'trap \"\" TERM; : > begun; for n in 1 2 3 4 5 6 7 8; do sleep 1; done']\nkill_after = '60s'\n",
    );
    // the program it runs finds `sleep` by this
    let path = std::env::var("PATH").unwrap_or_default();
    let (child, address) = begin(&mut program(folder.path(), &["--listen", "127.0.0.1:0"], &[("PATH", &path)]));
    let json = "content-type: application/json\r\n";
    let id = "w_00000000000000000000000001";
    ask(&address, "POST /v1/workers", json, &format!("{{\"worker_id\":\"{id}\"}}"));
    ask(&address, &format!("POST /v1/workers/{id}/input"), json, r#"{"content":[{"type":"text","text":"x"}]}"#);
    let begun = Instant::now();
    while !folder.path().join("begun").exists() && begun.elapsed().as_secs() < 5 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let started = Instant::now();
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::TERM).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    kill_process(pid, Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(
        started.elapsed() < Duration::from_secs(10) && told(&output).contains("second signal"),
        "{}",
        told(&output)
    );
}

#[test]
fn serves_says_where_and_ends_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "hunter2\n").unwrap();
    let args = ["--listen", "localhost:0", "--token-file", "token", "--log-format", "json"];
    let (child, address) = begin(&mut program(folder.path(), &args, &[]));
    let get = |path: &str| ask(&address, &format!("GET {path}"), "authorization: Bearer hunter2\r\n", "");
    assert!(get("/v1/runtime").contains("\"observe.ws\""));
    let metrics = get("/metrics");
    assert!(
        metrics.contains("# HELP yoi_http_requests_total") && metrics.contains("route=\"/v1/runtime\""),
        "{metrics}"
    );
    // another one finds the address taken
    let taken = run(folder.path(), &["--listen", &address, "--store", "memory"], &[]);
    assert_eq!(taken.status.code(), Some(1), "{}", told(&taken));

    let started = Instant::now();
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let log = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{log}");
    assert!(started.elapsed() < Duration::from_secs(9), "{log}");
    assert!(!log.contains("hunter2"), "{log}");
    assert!(log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{log}");
    assert!(log.contains("can read token, which holds a secret"), "{log}");
    assert!(folder.path().join(".yoi/runtime/store.json").exists());
}
