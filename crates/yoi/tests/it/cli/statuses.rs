//! Exit statuses, and the words that come with them.
//!
//! Owns those that take a runtime; those that take none are in `usage`.

use super::good;
use crate::process::said;
use crate::profiles;
use crate::serving::Home;
use protocol::Problem;

const NOBODY: &str = "w_01jd3v5k9m8q2r4t6w8y0a1c3e";

#[test]
fn cli_exit_statuses() {
    let home = Home::new(&profiles::stream(0));
    let token_file = home.path().join("token");
    std::fs::write(&token_file, "hunter2\n").unwrap();
    let mut serving = home.serve(&["--token-file", token_file.to_str().unwrap()]);
    let yoi = |args: &[&str], token: &str| {
        let mut command = serving.yoi(args);
        command.env("YOI_TOKEN", token);
        command
    };
    let worker = good(&mut yoi(&["worker", "create", "--profile", "stream"], "hunter2"));
    let worker = worker.trim();
    // from a file too
    let mut listing = serving.yoi(&["worker", "list", "--token-file"]);
    assert!(good(listing.arg(&token_file)).contains(worker));
    good(&mut yoi(&["worker", "input", worker, "1000000 10 0.01"], "hunter2"));
    for (args, token, status, word) in [
        (vec!["worker", "show", NOBODY], "hunter2", 3, "no such worker"),
        (vec!["watch", NOBODY], "hunter2", 3, "no such worker"),
        (vec!["worker", "create", "--profile", "none"], "hunter2", 3, "none"),
        (vec!["worker", "input", worker, "more"], "hunter2", 8, "run"),
        (vec!["worker", "delete", worker], "hunter2", 8, "run"),
        (vec!["worker", "list"], "hunter3", 4, "token"),
        (vec!["watch", worker], "hunter3", 4, "token"),
        (vec!["watch", worker, "--from-cursor", "x", "--until-idle"], "hunter2", 15, "cursor"),
    ] {
        if status == 15 {
            good(&mut yoi(&["worker", "cancel", worker], "hunter2"));
        }
        let (code, _, stderr) = said(&mut yoi(&args, token));
        if status == 15 {
            // the cursor is told and not fatal; whether the end of the run was seen is chance
            assert!(code == Some(0) || code == Some(15), "{code:?}: {stderr}");
        } else {
            assert_eq!(code, Some(status), "{args:?}: {stderr}");
            assert!(stderr.starts_with("error: ") && stderr.contains("hint: "), "{stderr}");
        }
        assert!(stderr.contains(word) && !stderr.contains("hunter"), "{args:?}: {stderr}");
        let (_, _, stderr) = said(yoi(&args, token).arg("--json"));
        let problem = stderr.lines().last().map(serde_json::from_str::<Problem>);
        assert!(status == 15 || matches!(problem, Some(Ok(_))), "{args:?}: {stderr}");
    }
    good(&mut yoi(&["worker", "stop", worker], "hunter2"));
    let (code, _, stderr) = said(&mut yoi(&["worker", "input", worker, "more"], "hunter2"));
    assert_eq!(code, Some(8), "{stderr}");
    assert!(stderr.contains("stopped"), "{stderr}");
    let mut refused = serving.yoi(&["worker", "list"]);
    serving.kill();
    let (code, _, stderr) = said(&mut refused);
    assert_eq!(code, Some(5), "{stderr}");
    assert!(stderr.contains("refused"), "{stderr}");
}

#[test]
fn cli_serves_only_loopback_without_a_token() {
    let home = Home::new("");
    let (code, stdout, stderr) = said(&mut home.command("0.0.0.0:0", &[]));
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("token"), "{stderr}");
}

#[test]
fn cli_refuses_a_configuration_with_words() {
    for (config, words) in [
        ("nonsense = 1\n", "nonsense"),
        ("[profiles.x]\nexecutor = \"process\"\n", "command"),
        ("[profiles.x]\nexecutor = \"magic\"\n", "profiles.x.executor"),
        ("[profiles.x\n", "runtime.toml"),
    ] {
        let home = Home::new(config);
        let (code, stdout, stderr) = said(&mut home.command("127.0.0.1:0", &[]));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(stderr.contains(words) && !stderr.contains("panicked"), "{stderr}");
    }
}
