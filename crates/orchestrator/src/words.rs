//! What workers are told, and what is written into threads.
//!
//! Owns the words and their bounds. What comes from tickets and workers stays in its place in them.

use crate::git::Kept;
use crate::history::History;
use crate::notes::{Assignment, Role};
use crate::text::{beginning, end, fenced, line};
use crate::workers::{Ended, RunEnd};
use crate::{AUTHOR, Options};
use ticket::{Event, Ticket};

/// The most bytes of what a worker is told of a ticket's body, and of each event.
const BODY: usize = 24 * 1024;
const EVENT: usize = 4 * 1024;
/// The most events that a worker is told of.
const EVENTS: usize = 6;
/// The most bytes of a worker's last text that are written down.
const LAST: usize = 8 * 1024;

/// The line with which a reviewer says that something has to be changed.
pub(crate) const CHANGES: &str = "VERDICT: changes";

/// What the coder of an attempt is told.
pub(crate) fn task(ticket: &Ticket, attempt: u32, options: &Options, branch: &str) -> String {
    let mut text = format!(
        "You are to do the ticket {}: {}\n\n{}\n",
        ticket.id,
        line(&ticket.fields.title, 512),
        beginning(&ticket.body, BODY),
    );
    let told = discussion(&ticket.events);
    if !told.is_empty() {
        text.push_str(&format!("\n---\n\nWhat was said about it, oldest first:\n{told}"));
    }
    text.push_str(&format!(
        "\n---\n\nHow to work:\n\n\
         - You are in a work tree of your own, on the branch `{branch}`. Stay on it; do not merge and do not push.\n\
         - Commit what is to be kept, in steps that can be reviewed. What you leave uncommitted is committed for you.\n\
         - Run the checks that the repository has for what you change.\n\
         - End with what you did, what you checked, and what is open.\n\
         - This is attempt {attempt}{}\n",
        if attempt > 1 { "; what earlier ones did is on the branch." } else { "." },
    ));
    if let Some(reviewer) = &options.roles.reviewer {
        text.push_str(&format!("- Afterwards somebody reviews it (`{}`).\n", line(reviewer, 200)));
    }
    text
}

/// What the reviewer of an attempt is told.
pub(crate) fn review(ticket: &Ticket, coder: &Assignment, commits: &str, stat: &str, report: &str) -> String {
    format!(
        "You are to review what was done for the ticket {}: {}\n\n{}\n\n---\n\nCommits of `{}`:\n\n{}\n\nWhat they \
         change:\n\n{}\n\nWhat whoever did it says:\n\n{}\n\n---\n\nHow to review:\n\n\
         - You are in the work tree. `git diff {}...{}` is the whole change. Change nothing, and do not merge or push.\n\
         - Say what is wrong with file and line, the worst first, and what is missing of the ticket.\n\
         - If anything has to be changed before it can be merged, end with the line `{CHANGES}`; otherwise with \
         `VERDICT: approve`.\n",
        ticket.id,
        line(&ticket.fields.title, 512),
        beginning(&ticket.body, BODY),
        coder.branch,
        fenced(&beginning(commits, EVENT)),
        fenced(&beginning(stat, EVENT)),
        fenced(&end(report, LAST)),
        coder.start,
        coder.branch,
    )
}

/// The routing decision.
pub(crate) fn decision(attempt: u32, options: &Options, branch: &str, start: &str, why: &str) -> String {
    format!(
        "Routing decision: `implementation_ready`\n\nReason:\n\n- It is queued, and nothing that it waits for is open.\n\
         - Attempt {attempt}; {} are made before it goes back to planning.\n\
         - `{branch}` begins at {why} (`{start}`).\n\n\
         Decision:\n\n- A worker of `{}` does it in a work tree of its own.\n- {}\n- Nothing is merged or pushed: a \
         person does.\n",
        options.attempts,
        line(&options.roles.coder, 200),
        match &options.roles.reviewer {
            Some(reviewer) => format!("A worker of `{}` reviews it.", line(reviewer, 200)),
            None => "Nobody but that person reviews it.".to_owned(),
        },
    )
}

/// The plan of a role, for people.
pub(crate) fn plan(assignment: &Assignment) -> String {
    format!(
        "{}: a worker of `{}`, `{}`, on the runtime `{}`.\n\n- Branch: `{}`\n- Work tree: `{}`\n- From: `{}`\n",
        match assignment.role {
            Role::Coder => "Implementation",
            Role::Reviewer => "Review",
        },
        line(&assignment.profile, 200),
        assignment.worker,
        line(&assignment.place, 200),
        assignment.branch,
        line(&assignment.folder, 1024),
        assignment.start,
    )
}

/// What came of a run, for the thread.
pub(crate) fn report(assignment: &Assignment, run: &RunEnd, kept: Option<Kept>, commits: &str, stat: &str) -> String {
    let mut text = format!("The worker `{}` ended as `{}`", assignment.worker, run.ended.as_str());
    if let Some(why) = &run.why {
        text.push_str(&format!(": {}", line(why, 512)));
    }
    text.push_str(".\n");
    text.push_str(match kept {
        Some(Kept::Committed) => "\nWhat it left uncommitted was committed in the name of the orchestrator.\n",
        Some(Kept::NotOnBranch) => "\nThe work tree is not on its branch; what is uncommitted there was left.\n",
        Some(Kept::Nested) => "\nThere are repositories in the work tree; what is uncommitted there was left.\n",
        Some(Kept::Nothing) | None => "",
    });
    if assignment.role == Role::Coder {
        let none = |text: &str| if text.trim().is_empty() { "(none)".to_owned() } else { text.to_owned() };
        text.push_str(&format!("\nCommits on `{}`:\n\n{}\n", assignment.branch, fenced(&none(commits))));
        text.push_str(&format!("\nChanges:\n\n{}\n", fenced(&none(stat))));
    }
    let last = if run.last_text.trim().is_empty() { "(nothing)".to_owned() } else { end(&run.last_text, LAST) };
    text.push_str(&format!("\nIts last words:\n\n{}\n", fenced(&last)));
    text
}

/// How a run is told in a word or two.
pub(crate) fn verdict(role: Role, run: &RunEnd) -> &'static str {
    if role == Role::Reviewer && run.ended == Ended::Completed {
        let last = run.last_text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let last = last.trim_matches(|c| matches!(c, '*' | '`'));
        return if last.eq_ignore_ascii_case(CHANGES) { "changes requested" } else { "approved" };
    }
    run.ended.as_str()
}

/// How what a worker did uncommitted is told in git.
pub(crate) fn commit_message(ticket: &Ticket) -> String {
    format!("{}\n\nTicket: {}\n", line(&ticket.fields.title, 200), ticket.id)
}

/// The newest of what people and reviewers said.
fn discussion(events: &[Event]) -> String {
    let is_said = |event: &&Event| match event.kind.as_str() {
        "comment" | "decision" | "review" | "intake_summary" => event.author != AUTHOR || event.kind == "review",
        _ => false,
    };
    let said: Vec<&Event> = events.iter().filter(is_said).collect();
    let newest = said.iter().skip(said.len().saturating_sub(EVENTS));
    newest
        .map(|event| {
            format!("\n{} by {}:\n\n{}\n", event.kind, line(&event.author, 200), fenced(&beginning(&event.body, EVENT)))
        })
        .collect()
}

/// How an attempt is counted against the bound, for reasons.
pub(crate) fn counted(history: &History, options: &Options) -> String {
    format!("{} of {}", history.counted, options.attempts)
}
