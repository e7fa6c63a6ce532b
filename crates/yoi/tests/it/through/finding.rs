//! Runtimes and workers by name.
//!
//! Owns which request a name becomes, and what is told where a name is not enough.

use super::good;
use super::scripted::{Answer, Scripted, problem, runtimes, worker};
use crate::process::said;
use serde_json::{Value, json};

const W: &str = "w_01jd3v5k9m8q2r4t6w8y0a1c3e";

/// Three runtimes, of which some have the worker and some do not answer.
fn workspace(have: &'static [&'static str], away: &'static [&'static str]) -> Scripted {
    Scripted::start(move |line| {
        if line == "GET /api/runtimes" {
            return Some(runtimes(&[("far", "remote"), ("local", "embedded"), ("near", "remote")]));
        }
        let (runtime, rest) = line.split_once("/api/runtimes/")?.1.split_once('/')?;
        assert!(rest.starts_with(&format!("workers/{W}")), "{line}");
        Some(if away.contains(&runtime) {
            problem("runtime_unavailable", &format!("{runtime} cannot be reached"))
        } else if have.contains(&runtime) {
            Answer::Json(200, worker(runtime, W))
        } else {
            problem("worker_not_found", "no such worker")
        })
    })
}

#[test]
fn through_a_worker_is_found_wherever_it_is() {
    let backend = workspace(&["near"], &["far"]);
    let (stdout, stderr) = good(&mut backend.yoi(&["worker", "stop", W, "--json"]));
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap()["runtime_id"], "near");
    assert!(stderr.contains("is stopped"), "{stderr}");
    let asked = backend.asked();
    assert_eq!(asked[0], "GET /api/runtimes");
    assert_eq!(asked.last().unwrap(), &format!("POST /api/runtimes/near/workers/{W}/stop"));
    assert_eq!(asked.len(), 5, "{asked:?}");

    // with the runtime's name nobody else is asked
    let (shown, _) = good(&mut backend.yoi(&["worker", "show", &format!("near/{W}")]));
    assert!(shown.contains("runtime    near") && shown.contains("may        observe input"), "{shown}");
    assert_eq!(backend.asked(), [format!("GET /api/runtimes/near/workers/{W}")]);
}

#[test]
fn through_a_worker_that_is_not_found_is_told_by_why() {
    for (have, away, status, want) in [
        (&[][..], &[][..], 3, format!("error: there is no such worker on any runtime: {W}")),
        (
            &[],
            &["far"],
            5,
            format!("error: {W} is on none of the runtimes that answer; these do not: far (runtime_unavailable)"),
        ),
        (&["far", "near"], &[], 2, format!("error: {W} is on more than one runtime: far/{W}, near/{W}")),
    ] {
        let backend = workspace(have, away);
        for command in [&["worker", "cancel", W][..], &["watch", W], &["record", W, "-"]] {
            let (code, stdout, stderr) = said(&mut backend.yoi(command));
            assert_eq!((code, stdout.as_str()), (Some(status), ""), "{stderr}");
            assert_eq!(stderr.lines().next(), Some(want.as_str()));
            assert!(stderr.contains("\nhint: "), "{stderr}");
        }
    }
}

#[test]
fn through_a_new_worker_goes_where_it_is_told_or_where_it_is_clear() {
    let start = |rows: &'static [(&str, &str)]| {
        Scripted::start(move |line| match line {
            "GET /api/runtimes" => Some(runtimes(rows)),
            line => {
                let runtime = line.strip_prefix("POST /api/runtimes/")?.strip_suffix("/workers")?;
                Some(Answer::Json(201, worker(runtime, W)))
            }
        })
    };
    for (rows, args, want) in [
        (&[("only", "remote")][..], &[][..], "only"),
        (&[("far", "remote"), ("local", "embedded")], &[], "local"),
        (&[("far", "remote"), ("near", "remote")], &["--runtime", "far"], "far"),
    ] {
        let backend = start(rows);
        let (stdout, _) = good(&mut backend.yoi(&[&["worker", "create"], args].concat()));
        assert_eq!(stdout.trim(), W);
        assert_eq!(backend.asked().last().unwrap(), &format!("POST /api/runtimes/{want}/workers"));
    }
    let (code, _, stderr) = said(&mut start(&[("far", "remote"), ("near", "remote")]).yoi(&["worker", "create"]));
    assert_eq!(code, Some(2));
    insta::assert_snapshot!(stderr, @r"
    error: which runtime? There are far, near
    hint: Name one of them with `--runtime`.
    ");
    let (code, _, stderr) = said(&mut start(&[]).yoi(&["worker", "create"]));
    assert_eq!(code, Some(3), "{stderr}");
}

#[test]
fn through_lists_tell_who_is_away() {
    let backend = Scripted::start(|line| {
        let away = json!({
            "code": "runtime_unavailable", "message": "near cannot be reached", "retryable": true, "action": "wait",
        });
        Some(match line {
            "GET /api/workers" => {
                Answer::Json(200, json!({ "workers": [worker("far", W)], "next_page": "p", "diagnostics": [away] }))
            }
            "GET /api/workers?page=p" => Answer::Json(200, json!({ "workers": [], "diagnostics": [away] })),
            "GET /api/workers?runtime=far" => Answer::Json(200, json!({ "workers": [worker("far", W)] })),
            "GET /api/runtimes" => Answer::Json(
                200,
                json!({ "runtimes": [
                    { "runtime_id": "far", "kind": "remote", "link": "up", "status": "ready", "version": "0.1.0",
                      "counts": { "workers": 7, "running": 0, "watchers": 0 }, "checked_at": "2026-01-01T00:00:08.000Z" },
                    { "runtime_id": "near", "kind": "remote", "link": "down", "diagnostics": [away] },
                ] }),
            ),
            "GET /api/runtimes/near" => Answer::Json(
                200,
                json!({ "runtime_id": "near", "kind": "remote", "link": "down", "diagnostics": [away] }),
            ),
            _ => return None,
        })
    });
    let (stdout, stderr) = good(&mut backend.yoi(&["worker", "list", "--all"]));
    insta::assert_snapshot!(format!("{stdout}{stderr}"), @r"
    RUNTIME  WORKER                        STATUS  NAME  PROFILE  UPDATED               LABELS
    far      w_01jd3v5k9m8q2r4t6w8y0a1c3e  idle    w     echo     2026-01-01T00:00:00Z
    warning: near cannot be reached (runtime_unavailable)
    ");
    let (stdout, _) = good(&mut backend.yoi(&["worker", "list", "--runtime", "far", "--json"]));
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap()["workers"][0]["runtime_id"], "far");
    let (stdout, stderr) = good(&mut backend.yoi(&["runtime", "list"]));
    insta::assert_snapshot!(format!("{stdout}{stderr}"), @r"
    RUNTIME  KIND    LINK  STATUS  VERSION  WORKERS  AGE
    far      remote  up    ready   0.1.0    7        2 s
    near     remote  down  -       -        -        -
    warning: near: near cannot be reached (runtime_unavailable)
    ");
    let (stdout, _) = good(&mut backend.yoi(&["runtime", "show", "near"]));
    assert!(stdout.contains("link       down"), "{stdout}");
    let (code, _, stderr) = said(&mut backend.yoi(&["runtime", "show"]));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("There are far, near"), "{stderr}");
    let (code, _, stderr) = said(&mut backend.yoi(&["runtime", "show", "elsewhere"]));
    assert_eq!(code, Some(3), "{stderr}");
}
