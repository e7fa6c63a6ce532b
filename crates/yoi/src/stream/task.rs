//! Following a task, and answering what it asks.
//!
//! Owns the questions at the terminal: whoever sits there is asked, and anybody else may answer
//! first. Ctrl-C cancels the run; a second one leaves it.

use super::input::end;
use super::watch::{Shape, View};
use crate::failure::Failure;
use crate::interrupt;
use crate::output::{Form, Output};
use crate::server::Found;
use protocol::api::{ResolveApproval, SendInput};
use protocol::{Approval, EventKind};
use std::collections::VecDeque;
use std::io::IsTerminal;
use tokio::sync::mpsc;
use yoi_client::{FollowOptions, Update};
use yoi_tui::clean;

/// Says `input` to a worker, follows the run to its end, and answers its questions.
pub async fn run_task(found: &Found, output: Output, input: &SendInput, answer: Option<&str>) -> Result<(), Failure> {
    let Found { on, worker } = found;
    let cursor = on.worker(*worker).await?.cursor;
    let mut follow = on.follow(*worker, FollowOptions { cursor, ..FollowOptions::default() });
    let mut view = View::new(found, output, Shape::of(output.form));
    let mut questions = Questions::new(output, answer);
    let mut run = None;
    let mut interrupted = false;
    // one that comes while something else is done is not missed
    let mut pressed = std::pin::pin!(interrupt::pressed());
    loop {
        let update = tokio::select! {
            update = follow.next() => update,
            line = questions.typed() => {
                if let Some((approval, option)) = questions.choose(&line) {
                    questions.answer(found, &approval, option).await?;
                }
                continue;
            }
            () = &mut pressed => {
                pressed.set(interrupt::pressed());
                if interrupted || run.is_none() {
                    return Err(Failure::Interrupted);
                }
                interrupted = true;
                output.tell("cancelling the run; once more leaves it");
                on.cancel(*worker).await?;
                continue;
            }
        };
        let Some(update) = update else { return Ok(()) };
        let update = update?;
        view.show(&update)?;
        if matches!(update, Update::Ready { .. }) && run.is_none() {
            run = Some(on.input(*worker, input).await?.run_id);
        }
        if let Some(end) = run.and_then(|run| end(&update, run)) {
            follow.close().await;
            return end;
        }
        if let Some((approval, option)) = questions.note(&update) {
            questions.answer(found, &approval, option).await?;
        }
    }
}

/// The questions that are open, oldest first.
struct Questions {
    output: Output,
    /// What is answered without asking.
    answer: Option<String>,
    open: VecDeque<Approval>,
    /// Lines that are typed; none where nobody can type.
    lines: Option<mpsc::Receiver<String>>,
}

impl Questions {
    fn new(output: Output, answer: Option<&str>) -> Questions {
        let someone = output.form == Form::Text && std::io::stdin().is_terminal() && answer.is_none();
        let lines = someone.then(|| {
            let (typed, lines) = mpsc::channel(1);
            // ends with the process: a read of a terminal cannot be called off
            std::thread::spawn(move || {
                for line in std::io::stdin().lines().map_while(Result::ok) {
                    if typed.blocking_send(line).is_err() {
                        return;
                    }
                }
            });
            lines
        });
        Questions { output, answer: answer.map(str::to_owned), open: VecDeque::new(), lines }
    }

    /// What somebody types while something is asked.
    async fn typed(&mut self) -> String {
        let asked = !self.open.is_empty();
        match &mut self.lines {
            Some(lines) if asked => match lines.recv().await {
                Some(line) => line,
                None => {
                    self.lines = None;
                    std::future::pending().await
                }
            },
            _ => std::future::pending().await,
        }
    }

    /// Takes note of an update; what is to be answered at once.
    fn note(&mut self, update: &Update) -> Option<(Approval, String)> {
        let Update::Event(received) = update else { return None };
        match received.event.kind()? {
            EventKind::ApprovalRequested(approval) => {
                if let Some(answer) = self.answer.as_ref().filter(|answer| approval.options.contains(answer)) {
                    return Some((approval.clone(), answer.clone()));
                }
                self.open.push_back(approval.clone());
                if self.open.len() == 1 {
                    self.prompt();
                }
            }
            EventKind::ApprovalResolved { approval_id, .. } => {
                let was_first = self.open.front().is_some_and(|approval| approval.approval_id == *approval_id);
                self.open.retain(|approval| approval.approval_id != *approval_id);
                if was_first {
                    self.prompt();
                }
            }
            EventKind::Snapshot(state) => {
                self.open = state.approvals.iter().cloned().collect();
                self.prompt();
            }
            _ => {}
        }
        None
    }

    /// Asks whoever types; the question itself was shown with the event.
    fn prompt(&self) {
        if let Some(approval) = self.open.front()
            && self.lines.is_some()
        {
            let options = approval.options.iter().enumerate();
            let options: Vec<_> = options.map(|(at, option)| format!("{} {}", at + 1, clean::line(option))).collect();
            self.output.ask(&format!("{}? ", options.join(", ")));
        }
    }

    /// The option that a line means: its number, its name, or an unambiguous beginning of it.
    fn choose(&self, line: &str) -> Option<(Approval, String)> {
        let approval = self.open.front()?;
        let line = line.trim();
        let number = line.parse::<usize>().ok().and_then(|number| approval.options.get(number.checked_sub(1)?));
        let mut beginning = approval.options.iter().filter(|option| !line.is_empty() && option.starts_with(line));
        let found = number.or_else(|| approval.options.iter().find(|option| *option == line)).or_else(|| {
            let first = beginning.next();
            first.filter(|_| beginning.next().is_none())
        });
        match found {
            Some(option) => Some((approval.clone(), option.clone())),
            None => {
                self.prompt();
                None
            }
        }
    }

    async fn answer(&self, found: &Found, approval: &Approval, option: String) -> Result<(), Failure> {
        match found.on.approve(found.worker, &approval.approval_id, &ResolveApproval { option }).await {
            Ok(_) => Ok(()),
            // somebody else was faster, or the run is over
            Err(error) if error.code() == protocol::Code::ApprovalNotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::Look;
    use crate::output::Verbosity;

    #[test]
    fn an_option_is_meant_by_its_number_its_name_or_its_beginning() {
        let output = Output { form: Form::Json, look: Look::Plain, verbosity: Verbosity::Quiet };
        let options = ["allow_once", "allow_always", "reject"].map(str::to_owned).to_vec();
        let approval =
            Approval { approval_id: "a".into(), title: "t".into(), options, call_id: None, extra: Default::default() };
        let questions = Questions { open: VecDeque::from([approval]), ..Questions::new(output, None) };
        let chosen = |line| questions.choose(line).map(|(_, option)| option);
        for (line, option) in
            [("1", "allow_once"), (" 3 ", "reject"), ("r", "reject"), ("allow_always", "allow_always")]
        {
            assert_eq!(chosen(line).as_deref(), Some(option), "{line}");
        }
        for line in ["", "0", "4", "allow", "no"] {
            assert_eq!(chosen(line), None, "{line}");
        }
    }
}
