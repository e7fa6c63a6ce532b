//! Lists and details as text.
//!
//! Owns columns and their order.

use crate::look::{Look, Paint};
use protocol::Affordance;
use protocol::api::WorkerDetail;
use std::fmt::Write;
use yoi_tui::clean;

/// Workers, one a line, under a heading.
pub fn table(workers: &[WorkerDetail], look: Look) -> String {
    let rows = workers.iter().map(|w| {
        let labels: Vec<String> = w.worker.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let at = w.updated_at.to_string();
        let updated = at.split_once('.').map_or(at.clone(), |(seconds, _)| format!("{seconds}Z"));
        [
            w.runtime_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            w.worker.worker_id.to_string(),
            w.status.as_str().to_owned(),
            w.worker.display_name.clone(),
            w.worker.profile.clone(),
            updated,
            labels.join(","),
        ]
    });
    columns(["RUNTIME", "WORKER", "STATUS", "NAME", "PROFILE", "UPDATED", "LABELS"], rows, look)
}

/// Rows under a heading, in columns as wide as what they hold.
pub fn columns<const N: usize>(heading: [&str; N], rows: impl IntoIterator<Item = [String; N]>, look: Look) -> String {
    let mut lines = vec![heading.map(str::to_owned)];
    lines.extend(rows.into_iter().map(|row| row.map(|cell| clean::line(&cell))));
    let mut widths = [0; N];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut out = String::new();
    for (n, line) in lines.iter().enumerate() {
        let cells: Vec<String> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let paint = if n == 0 { Paint::Bold } else { Paint::None };
        let _ = writeln!(out, "{}", look.paint(paint, cells.join("  ").trim_end()));
    }
    out
}

/// Names and values, one pair a line.
pub fn pairs(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for (name, value) in rows {
        let _ = writeln!(out, "{name:<width$} {}", clean::line(value));
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
    if let Some(runtime) = &worker.runtime_id {
        row("runtime", runtime.as_str());
    }
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
    if let Some(affordances) = &worker.affordances {
        let names: Vec<&str> = affordances.iter().map(Affordance::as_str).collect();
        row("may", &names.join(" "));
    }
    out
}
