//! Runtimes as text.
//!
//! Owns columns and rows, and how an age is said.

use super::table::{columns, pairs};
use crate::look::Look;
use protocol::{RuntimeRow, Timestamp};

/// Runtimes, one a line, under a heading.
pub fn runtimes(runtimes: &[RuntimeRow], now: Timestamp, look: Look) -> String {
    let rows = runtimes.iter().map(|r| {
        [
            r.runtime_id.to_string(),
            r.kind.to_string(),
            r.link.to_string(),
            r.status.clone().unwrap_or_else(unknown),
            r.version.clone().unwrap_or_else(unknown),
            r.counts.as_ref().map_or_else(unknown, |counts| counts.workers.to_string()),
            age(r.checked_at, now),
        ]
    });
    columns(["RUNTIME", "KIND", "LINK", "STATUS", "VERSION", "WORKERS", "AGE"], rows, look)
}

/// Everything about a runtime.
pub fn runtime(runtime: &RuntimeRow, now: Timestamp) -> String {
    let mut rows = vec![
        ("runtime", runtime.runtime_id.to_string()),
        ("kind", runtime.kind.to_string()),
        ("link", runtime.link.to_string()),
        (
            "answered",
            if runtime.checked_at.is_some() {
                format!("{} ago", age(runtime.checked_at, now))
            } else {
                "never".to_owned()
            },
        ),
    ];
    rows.extend(runtime.version.clone().map(|version| ("version", version)));
    rows.extend(runtime.status.clone().map(|status| ("status", status)));
    rows.extend(runtime.started_at.map(|at| ("started", at.to_string())));
    if let Some(counts) = &runtime.counts {
        let words = format!("{}, {} in a run, {} watched", counts.workers, counts.running, counts.watchers);
        rows.push(("workers", words));
    }
    for profile in &runtime.profiles {
        let default = if Some(&profile.name) == runtime.default_profile.as_ref() { ", the default" } else { "" };
        let about = profile.description.as_deref().map(|d| format!(": {d}")).unwrap_or_default();
        rows.push(("profile", format!("{} ({}{default}){about}", profile.name, profile.executor)));
    }
    if let Some(store) = &runtime.store {
        let durability = store.durability.as_deref().map(|d| format!(", durability {d}")).unwrap_or_default();
        let health = if store.healthy { "takes writes" } else { "TAKES NO WRITES" };
        rows.push(("store", format!("{}{durability}, {} bytes, {health}", store.kind, store.bytes)));
    }
    if !runtime.capabilities.is_empty() {
        rows.push(("capabilities", runtime.capabilities.join(" ")));
    }
    for diagnostic in &runtime.diagnostics {
        rows.push(("diagnostic", format!("{}: {}", diagnostic.code, diagnostic.message)));
    }
    pairs(&rows)
}

/// How long ago, in one unit.
fn age(at: Option<Timestamp>, now: Timestamp) -> String {
    let Some(at) = at else { return unknown() };
    match now.as_millis().saturating_sub(at.as_millis()).max(0) / 1000 {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7_200 => format!("{} min", seconds / 60),
        seconds @ ..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

fn unknown() -> String {
    "-".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows() -> Vec<RuntimeRow> {
        serde_json::from_value(json!([
            {
                "runtime_id": "build-box", "kind": "remote", "link": "down",
                "diagnostics": [{ "code": "runtime_unavailable", "message": "build-box cannot be reached", "retryable": true, "action": "wait" }],
            },
            {
                "runtime_id": "local", "kind": "embedded", "link": "up", "status": "ready", "version": "0.1.0",
                "capabilities": ["observe.ws", "store.files"], "default_profile": "echo",
                "profiles": [{ "name": "echo", "executor": "echo", "description": "says \u{1b}[31mback" }],
                "counts": { "workers": 12, "running": 3, "watchers": 4 },
                "store": { "kind": "files", "durability": "always", "bytes": 1024, "healthy": false },
                "checked_at": "2026-01-01T00:00:00.000Z", "started_at": "2025-12-31T00:00:00.000Z",
            },
        ]))
        .unwrap()
    }

    #[test]
    fn a_list_and_each_in_full() {
        let now: Timestamp = serde_json::from_value(json!("2026-01-01T00:00:07.900Z")).unwrap();
        let mut out = runtimes(&rows(), now, Look::Plain);
        for row in rows() {
            out.push('\n');
            out.push_str(&runtime(&row, now));
        }
        insta::assert_snapshot!(out, @r#"
        RUNTIME    KIND      LINK  STATUS  VERSION  WORKERS  AGE
        build-box  remote    down  -       -        -        -
        local      embedded  up    ready   0.1.0    12       7 s

        runtime    build-box
        kind       remote
        link       down
        answered   never
        diagnostic runtime_unavailable: build-box cannot be reached

        runtime      local
        kind         embedded
        link         up
        answered     7 s ago
        version      0.1.0
        status       ready
        started      2025-12-31T00:00:00.000Z
        workers      12, 3 in a run, 4 watched
        profile      echo (echo, the default): says back
        store        files, durability always, 1024 bytes, TAKES NO WRITES
        capabilities observe.ws store.files
        "#);
    }

    #[test]
    fn ages_are_said_in_one_unit() {
        let at = |ms| Timestamp::from_millis(ms);
        let ages = [-5_000, 0, 119_999, 120_000, 7_200_000, 172_800_000].map(|ms| age(Some(at(0)), at(ms)));
        assert_eq!(ages, ["0 s", "0 s", "119 s", "2 min", "2 h", "2 days"]);
    }
}
