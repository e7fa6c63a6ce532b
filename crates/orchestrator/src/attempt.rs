//! One attempt at one ticket, from the claim to where the ticket goes.
//!
//! Owns the order of the steps, and that each of them is found done where it was. Every step is
//! first written down and then taken, or is the same however often it is taken: so an attempt that
//! was killed anywhere is gone on with by doing the same again.

use crate::desk::{Desk, Moved};
use crate::error::Error;
use crate::git::Git;
use crate::history::{EXHAUSTED, History, STOPPED};
use crate::notes::{Assignment, Made, Role, WORKER_MADE, branch_of, key, worker_id};
use crate::options::{OnStop, Options};
use crate::progress::{Ending, Progress, TicketEnd};
use crate::waiting::Ready;
use crate::words;
use crate::workers::{Ended, NewWorker, Retry, RunEnd, Workers, WorkersError};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ticket::{AcceptedPlan, Id, NewPlanRecord, State};
use tokio_util::sync::CancellationToken;

/// Between two tries of a runtime that is away.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long a run that was cancelled has to end.
const CANCELLED: Duration = Duration::from_secs(10);

/// What an attempt works with.
pub(crate) struct Context<'a, W, F> {
    pub desk: Desk,
    pub git: Git,
    pub workers: &'a W,
    pub options: &'a Options,
    pub cancel: CancellationToken,
    pub events: &'a F,
}

/// What a turn of a worker comes to.
enum Turn {
    /// Its run is over and written down, as this.
    Over(String),
    /// It was stopped in the middle.
    Stopped(Option<protocol::WorkerId>),
    /// The ticket is not ours any more.
    Taken,
}

/// A call of the workers that was not stopped.
enum Asked<T> {
    Answered(T),
    Refused(WorkersError),
    Stopped,
}

impl<W: Workers, F: Fn(Progress) + Sync> Context<'_, W, F> {
    /// Begins a ticket, and goes on to its end.
    pub(crate) async fn begin(&self, ready: Ready) -> Result<TicketEnd, Error> {
        let Ready { id, title, start, start_name, attempt } = ready;
        let branch = branch_of(id);
        // first what may fail without anybody having been told anything
        let history = History::of(&self.desk.show(id).await?);
        let start = match history.start() {
            Some(start) => start.to_owned(),
            None => self.start_of(&branch, &start).await?,
        };
        self.worktree(id, &branch, &start).await?;
        let why = format!("`{}`", crate::text::line(&start_name, 200));
        let body = words::decision(attempt, self.options, &branch, &start, &why);
        self.desk.say(id, attempt, "decision", "implementation_ready", body).await?;
        let reason = format!("attempt {attempt} on {branch}");
        if self.desk.claim(id, attempt, reason).await? == Moved::Taken {
            return Ok(end(id, attempt, Ending::Taken, "somebody else moved it"));
        }
        (self.events)(Progress::Began { ticket: id, title, attempt, branch });
        self.pursue(id, attempt, Some(start)).await
    }

    /// Goes on with a ticket that was begun.
    pub(crate) async fn resume(&self, id: Id) -> Result<TicketEnd, Error> {
        let history = History::of(&self.desk.show(id).await?);
        (self.events)(Progress::Resumed { ticket: id, attempt: history.attempt });
        self.pursue(id, history.attempt, None).await
    }

    async fn pursue(&self, id: Id, attempt: u32, start: Option<String>) -> Result<TicketEnd, Error> {
        let branch = branch_of(id);
        let history = History::of(&self.desk.show(id).await?);
        let start = match (history.start(), start) {
            (Some(start), _) => start.to_owned(),
            (None, Some(start)) => start,
            // killed between the claim and the plan
            (None, None) => self.start_of(&branch, &branch).await?,
        };
        let folder = self.worktree(id, &branch, &start).await?;
        match self.turn(id, attempt, Role::Coder, &start, &folder).await? {
            Turn::Over(word) if word == Ended::Completed.as_str() => {}
            Turn::Over(word) => {
                return self.back(id, attempt, &format!("the worker's run ended as {word}"), &word).await;
            }
            Turn::Stopped(worker) => return self.stopped(id, attempt, worker).await,
            Turn::Taken => return Ok(end(id, attempt, Ending::Taken, "somebody else moved it")),
        }
        let commits = self.git.count(&start, &branch).await?;
        if commits == 0 {
            return self.back(id, attempt, "there are no commits on its branch", "empty").await;
        }
        if self.options.roles.reviewer.is_some() || history.assignment(attempt, Role::Reviewer).is_some() {
            match self.turn(id, attempt, Role::Reviewer, &start, &folder).await? {
                Turn::Over(word) if word == "approved" => {}
                Turn::Over(word) => return self.back(id, attempt, &format!("the review came to: {word}"), &word).await,
                Turn::Stopped(worker) => return self.stopped(id, attempt, worker).await,
                Turn::Taken => return Ok(end(id, attempt, Ending::Taken, "somebody else moved it")),
            }
        }
        let reason = format!("attempt {attempt}: {commits} commits on {branch} wait to be merged");
        self.conclude(id, attempt, State::Done, Ending::Done, reason, None).await
    }

    /// The turn of one worker: planned, made, told, followed, written down.
    async fn turn(&self, id: Id, attempt: u32, role: Role, start: &str, folder: &Path) -> Result<Turn, Error> {
        let ticket = self.desk.show(id).await?;
        let history = History::of(&ticket);
        if let Some(word) = history.word(role.report_kind(), attempt) {
            return Ok(Turn::Over(word.to_owned()));
        }
        if !history.is_ours || history.attempt != attempt {
            return Ok(Turn::Taken);
        }
        if self.cancel.is_cancelled() {
            let made = history.made(attempt, role).and(history.assignment(attempt, role));
            return Ok(Turn::Stopped(made.map(|assignment| assignment.worker)));
        }
        let Some(assignment) = self.assigned(&ticket, attempt, role, start, folder).await? else {
            return Ok(Turn::Taken);
        };
        let ours = self.workers.place();
        if assignment.place != ours {
            return Err(Error::Elsewhere { theirs: assignment.place, ours });
        }
        let run = match self.work(id, &assignment, &history).await? {
            Asked::Answered(run) => run,
            Asked::Stopped => return Ok(Turn::Stopped(Some(assignment.worker))),
            Asked::Refused(error) => {
                let why = Some(format!("{}: {} {}", error.code, error.message, error.remedy));
                RunEnd { ended: Ended::Failed, why, last_text: String::new() }
            }
        };
        self.report(id, &assignment, &run).await?;
        let word = words::verdict(role, &run).to_owned();
        (self.events)(Progress::Reported { ticket: id, role, outcome: word.clone() });
        Ok(Turn::Over(word))
    }

    /// What is planned for a role: as it is written down, or written down now.
    async fn assigned(
        &self,
        ticket: &ticket::Ticket,
        attempt: u32,
        role: Role,
        start: &str,
        folder: &Path,
    ) -> Result<Option<Assignment>, Error> {
        let (id, branch) = (ticket.id, branch_of(ticket.id));
        let history = History::of(ticket);
        let assignment = match history.assignment(attempt, role) {
            Some(assignment) => assignment.clone(),
            None => {
                let (profile, input) = match role {
                    Role::Coder => {
                        let input = words::task(ticket, attempt, self.options, &branch);
                        (self.options.roles.coder.clone(), input)
                    }
                    Role::Reviewer => {
                        let Some(coder) = history.assignment(attempt, Role::Coder) else { return Ok(None) };
                        let commits = self.git.commits(start, &branch).await?;
                        let stat = self.git.stat(start, &branch).await?;
                        let said = ticket.events.iter().rev().find(|event| event.kind == Role::Coder.report_kind());
                        let report = said.map(|event| event.body.as_str()).unwrap_or_default();
                        let input = words::review(ticket, coder, &commits, &stat, report);
                        (self.options.roles.reviewer.clone().unwrap_or_default(), input)
                    }
                };
                let assignment = Assignment {
                    attempt,
                    role,
                    worker: worker_id(&self.options.workspace, id, attempt, role),
                    place: self.workers.place(),
                    profile,
                    branch,
                    folder: folder.display().to_string(),
                    start: start.to_owned(),
                    input,
                };
                let record = NewPlanRecord {
                    kind: role.plan_kind().to_owned(),
                    related_ticket: None,
                    note: serde_json::to_string(&assignment).ok(),
                    accepted_plan: (role == Role::Coder).then(|| accepted(&assignment, self.options)),
                };
                self.desk.plan(id, record, |history| history.assignment(attempt, role).is_none()).await?;
                // whatever is there now counts, also where another was faster
                let history = History::of(&self.desk.show(id).await?);
                let Some(assignment) = history.assignment(attempt, role) else { return Err(Error::Lost) };
                assignment.clone()
            }
        };
        if role == Role::Coder {
            self.desk.say(id, attempt, "plan", "implementation", words::plan(&assignment)).await?;
        }
        Ok(Some(assignment))
    }

    /// Makes the worker, tells it its input, and follows it to the end of its run.
    async fn work(&self, id: Id, assignment: &Assignment, history: &History) -> Result<Asked<RunEnd>, Error> {
        let Assignment { attempt, role, worker, .. } = *assignment;
        let position = match history.made(attempt, role) {
            Some(made) => made.position.clone(),
            None => {
                let new = || NewWorker {
                    id: worker,
                    name: format!("{id} {}", role.as_str()),
                    profile: assignment.profile.clone(),
                    folder: PathBuf::from(&assignment.folder),
                    ticket: id,
                    role: role.as_str(),
                    attempt,
                };
                let position = match self.patiently(|| self.workers.create(new())).await? {
                    Asked::Answered(position) => position,
                    Asked::Refused(error) => return Ok(Asked::Refused(error)),
                    Asked::Stopped => return Ok(Asked::Stopped),
                };
                let made = Made { attempt, role, position: position.clone() };
                let record = NewPlanRecord {
                    kind: WORKER_MADE.to_owned(),
                    note: serde_json::to_string(&made).ok(),
                    ..NewPlanRecord::default()
                };
                self.desk.plan(id, record, |history| history.made(attempt, role).is_none()).await?;
                position
            }
        };
        let name = key(id, attempt, role.as_str());
        let input = || self.workers.input(worker, name.clone(), assignment.input.clone());
        let run = match self.patiently(input).await? {
            Asked::Answered(run) => run,
            Asked::Refused(error) => return Ok(Asked::Refused(error)),
            Asked::Stopped => return Ok(Asked::Stopped),
        };
        (self.events)(Progress::Working { ticket: id, role, worker });
        let followed = self.patiently(|| self.workers.follow(worker, run, position.clone()));
        match tokio::time::timeout(self.options.limits.run, followed).await {
            Ok(asked) => asked,
            Err(_) => {
                let cancelled = self.end_run(worker).await;
                let why = Some(format!("it took more than {} s{cancelled}", self.options.limits.run.as_secs()));
                Ok(Asked::Answered(RunEnd { ended: Ended::Limit, why, last_text: String::new() }))
            }
        }
    }

    /// Asks until there is an answer, it is stopped, or the runtime was away for too long.
    async fn patiently<T, Fut>(&self, ask: impl Fn() -> Fut) -> Result<Asked<T>, Error>
    where
        Fut: Future<Output = Result<T, WorkersError>>,
    {
        let mut begun = tokio::time::Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let asked_at = tokio::time::Instant::now();
            let asked = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Ok(Asked::Stopped),
                asked = ask() => asked,
            };
            if asked_at.elapsed() > self.options.limits.away {
                // it was there for a while: this is another outage
                (begun, pause) = (tokio::time::Instant::now(), FIRST_PAUSE);
            }
            match asked {
                Ok(answer) => return Ok(Asked::Answered(answer)),
                Err(error) if error.retry == Retry::No => return Ok(Asked::Refused(error)),
                Err(source) if begun.elapsed() + pause > self.options.limits.away => {
                    return Err(Error::Away { place: self.workers.place(), source });
                }
                Err(_) => {}
            }
            tokio::select! {
                () = self.cancel.cancelled() => return Ok(Asked::Stopped),
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Writes down what came of a run, after keeping what its worker left.
    async fn report(&self, id: Id, assignment: &Assignment, run: &RunEnd) -> Result<(), Error> {
        let Assignment { attempt, role, ref branch, ref start, .. } = *assignment;
        let mut kept = None;
        if role == Role::Coder {
            let ticket = self.desk.show(id).await?;
            if run.ended == Ended::Completed {
                let tree = self.root_of(id).await?;
                kept = Some(self.git.keep(&tree, branch, &words::commit_message(&ticket)).await?);
            }
        }
        let commits = self.git.commits(start, branch).await?;
        let stat = self.git.stat(start, branch).await?;
        let body = words::report(assignment, run, kept, &commits, &stat);
        self.desk.say(id, attempt, role.report_kind(), words::verdict(role, run), body).await
    }

    /// Puts a ticket back after an attempt that did not succeed.
    async fn back(&self, id: Id, attempt: u32, why: &str, word: &str) -> Result<TicketEnd, Error> {
        let history = History::of(&self.desk.show(id).await?);
        let counted = words::counted(&history, self.options);
        if word == Ended::Cancelled.as_str() {
            let reason = format!("attempt {attempt} was cancelled");
            return self.conclude(id, attempt, State::Planning, Ending::Planning, reason, None).await;
        }
        if history.counted >= self.options.attempts {
            let reason = format!("{EXHAUSTED} ({counted}): {why}");
            let body = "Somebody has to look at it: what was done is on its branch. Queued again, it is tried again.";
            return self.conclude(id, attempt, State::Planning, Ending::Planning, reason, Some(body.to_owned())).await;
        }
        let reason = format!("attempt {attempt} ({counted}) did not succeed: {why}");
        self.conclude(id, attempt, State::Queued, Ending::Queued, reason, None).await
    }

    /// What becomes of an attempt when handing out is stopped.
    async fn stopped(&self, id: Id, attempt: u32, worker: Option<protocol::WorkerId>) -> Result<TicketEnd, Error> {
        if self.options.on_stop == OnStop::Leave {
            let body = match worker {
                Some(worker) => format!(
                    "Handing out was stopped in attempt {attempt}. The worker `{worker}` was left as it is; the next start goes on with it.\n"
                ),
                None => format!("Handing out was stopped in attempt {attempt}; the next start goes on with it.\n"),
            };
            self.desk.comment(id, body).await?;
            return Ok(end(id, attempt, Ending::Left, "stopped; the next start goes on with it"));
        }
        let cancelled = match worker {
            Some(worker) => self.end_run(worker).await,
            None => String::new(),
        };
        let reason = format!("{STOPPED} in attempt {attempt}, which does not count{cancelled}");
        self.conclude(id, attempt, State::Queued, Ending::Queued, reason, None).await
    }

    /// Ends a worker's run; in words, how that went.
    async fn end_run(&self, worker: protocol::WorkerId) -> String {
        match tokio::time::timeout(CANCELLED, self.workers.cancel(worker)).await {
            Ok(Ok(())) => "; its run was cancelled".to_owned(),
            Ok(Err(error)) => format!("; its run could not be cancelled: {}", crate::text::line(&error.message, 200)),
            Err(_) => "; its run could not be cancelled in time".to_owned(),
        }
    }

    async fn conclude(
        &self,
        id: Id,
        attempt: u32,
        to: State,
        ending: Ending,
        reason: String,
        body: Option<String>,
    ) -> Result<TicketEnd, Error> {
        match self.desk.conclude(id, attempt, to, &reason, body).await? {
            Moved::Yes => Ok(end(id, attempt, ending, &reason)),
            Moved::Taken => Ok(end(id, attempt, Ending::Taken, "somebody else moved it")),
        }
    }

    /// The folder of a ticket's workspace in its work tree, which is made where it is not there.
    async fn worktree(&self, id: Id, branch: &str, start: &str) -> Result<PathBuf, Error> {
        let tree = self.git.prepare(branch, &self.options.worktrees, &id.to_string(), start).await?;
        Ok(self.git.workspace_in(&tree))
    }

    async fn root_of(&self, id: Id) -> Result<PathBuf, Error> {
        Ok(self.git.prepare(&branch_of(id), &self.options.worktrees, &id.to_string(), "HEAD").await?)
    }

    /// Where a branch began: where it parts from the base, if it is there already.
    async fn start_of(&self, branch: &str, start: &str) -> Result<String, Error> {
        if self.git.commit_of(branch).await?.is_none() {
            return Ok(start.to_owned());
        }
        let wanted = self.git.commit_of(start).await?.unwrap_or_else(|| start.to_owned());
        let other = if branch == start { self.options.base.clone() } else { wanted.clone() };
        Ok(self.git.fork_of(&other, branch).await?.unwrap_or(wanted))
    }
}

fn accepted(assignment: &Assignment, options: &Options) -> AcceptedPlan {
    let reviewer = options.roles.reviewer.as_deref().unwrap_or("nobody");
    AcceptedPlan {
        summary: format!("Attempt {}, by {}", assignment.attempt, assignment.worker),
        branch: Some(assignment.branch.clone()),
        worktree: Some(crate::text::line(&assignment.folder, 1000)),
        role_plan: Some(format!("coder: {}; reviewer: {reviewer}", options.roles.coder)),
    }
}

fn end(ticket: Id, attempt: u32, ending: Ending, reason: &str) -> TicketEnd {
    TicketEnd { ticket, attempt, ending, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_names_who_does_what() {
        let id: Id = "00001KVZKSTJT".parse().unwrap();
        let options = Options::new("/w", "main", "coder");
        let assignment = Assignment {
            attempt: 1,
            role: Role::Coder,
            worker: worker_id(Path::new("/w"), id, 1, Role::Coder),
            place: "here".into(),
            profile: "coder".into(),
            branch: branch_of(id),
            folder: "/w/\u{1b}x".into(),
            start: "0".repeat(40),
            input: "do it".into(),
        };
        let plan = accepted(&assignment, &options);
        assert_eq!(plan.role_plan.as_deref(), Some("coder: coder; reviewer: nobody"));
        assert_eq!(plan.worktree.as_deref(), Some("/w/␛x"));
    }
}
