//! Lists and details as text.
//!
//! Owns columns and their order.

use crate::clean;
use crate::look::{Look, Paint};
use protocol::api::{RuntimeInfo, WorkerDetail};
use std::fmt::Write;

/// Workers, one a line, under a heading.
pub fn table(workers: &[WorkerDetail], look: Look) -> String {
    let mut rows = vec![["WORKER", "STATUS", "NAME", "PROFILE", "UPDATED", "LABELS"].map(str::to_owned)];
    rows.extend(workers.iter().map(|w| {
        let labels: Vec<String> = w.worker.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let at = w.updated_at.to_string();
        let updated = at.split_once('.').map_or(at.clone(), |(seconds, _)| format!("{seconds}Z"));
        [
            w.worker.worker_id.to_string(),
            clean::line(w.status.as_str()),
            clean::line(&w.worker.display_name),
            clean::line(&w.worker.profile),
            updated,
            clean::line(&labels.join(",")),
        ]
    }));
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut out = String::new();
    for (n, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let line = cells.join("  ");
        let paint = if n == 0 { Paint::Bold } else { Paint::None };
        let _ = writeln!(out, "{}", look.paint(paint, line.trim_end()));
    }
    out
}

/// Everything about one worker.
pub fn detail(worker: &WorkerDetail) -> String {
    let mut out = String::new();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(out, "{name:<10} {}", clean::line(value));
    };
    row("worker", &worker.worker.worker_id.to_string());
    row("name", &worker.worker.display_name);
    row("status", worker.status.as_str());
    row("profile", &worker.worker.profile);
    for (name, value) in &worker.worker.labels {
        row("label", &format!("{name}={value}"));
    }
    if let Some(workdir) = &worker.workdir {
        row("workdir", workdir);
    }
    if let Some(run) = &worker.run {
        row("run", &format!("{} ({})", run.run_id, run.trigger));
    }
    for approval in &worker.approvals {
        row("question", &format!("{}: {} [{}]", approval.approval_id, approval.title, approval.options.join(" | ")));
    }
    row("tokens", &format!("{} in, {} out", worker.usage.input_tokens, worker.usage.output_tokens));
    row("created", &worker.worker.created_at.to_string());
    row("updated", &worker.updated_at.to_string());
    row("events", &worker.events.to_string());
    row("cursor", worker.cursor.as_deref().unwrap_or("none"));
    out
}

/// Everything about a runtime.
pub fn runtime(runtime: &RuntimeInfo) -> String {
    let mut out = String::new();
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(out, "{name:<13} {}", clean::line(value));
    };
    row("runtime", runtime.runtime_id.as_str());
    row("version", &runtime.version);
    row("status", &runtime.status);
    row("started", &runtime.started_at.to_string());
    let counts = &runtime.counts;
    row("workers", &format!("{}, {} in a run, {} watched", counts.workers, counts.running, counts.watchers));
    for profile in &runtime.profiles {
        let default = if profile.name == runtime.default_profile { ", the default" } else { "" };
        let about = profile.description.as_deref().map(|d| format!(": {d}")).unwrap_or_default();
        row("profile", &format!("{} ({}{default}){about}", profile.name, profile.executor));
    }
    let store = &runtime.store;
    let durability = store.durability.as_deref().map(|d| format!(", durability {d}")).unwrap_or_default();
    let health = if store.healthy { "takes writes" } else { "TAKES NO WRITES" };
    row("store", &format!("{}{durability}, {} bytes, {health}", store.kind, store.bytes));
    row("capabilities", &runtime.capabilities.join(" "));
    for diagnostic in &runtime.diagnostics {
        row("diagnostic", &format!("{}: {}", diagnostic.code, diagnostic.message));
    }
    out
}
