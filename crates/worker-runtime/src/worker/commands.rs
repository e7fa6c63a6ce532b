//! What a worker does when it is asked something.
//!
//! Owns each command's steps. Must not wait: what takes time is settled later.

use super::acks::Ack;
use super::actor::{Actor, Leaving};
use super::command::{Command, Left, Refusal, Reply};
use super::record::KeyNote;
use super::run::{ActiveRun, Starting};
use crate::executor::{Ending, Takes};
use crate::ids::fingerprint;
use crate::lifecycle::{Holding, Phase};
use crate::recorder::{Unresolved, notice, user_message};
use crate::runtime::Told;
use crate::store::Flush;
use event_log::Seq;
use protocol::{EventKind, Part, RunId, Status, Trigger};

impl Actor {
    /// Does what is asked, or refuses.
    pub(super) fn obey(&mut self, command: Command) {
        if let Some(away) = self.away() {
            return dismiss(command, away);
        }
        match command {
            Command::Input { content, key, received, reply } => match self.input(content, key) {
                Ok((seq, run)) => self.acknowledge(seq, Ack::Input { run, received, reply }),
                Err(refusal) => refuse(reply, refusal),
            },
            Command::Cancel { reply } => {
                let seq = self.cancel();
                self.acknowledge(seq, Ack::Done(reply));
            }
            Command::Stop { reply } => self.stop(reply),
            Command::Resume { reply } => match self.resume() {
                Ok(seq) => self.acknowledge(seq, Ack::Done(reply)),
                Err(refusal) => refuse(reply, refusal),
            },
            Command::Resolve { approval_id, option, reply } => self.resolve(&approval_id, option, reply),
            Command::Tell { told, reply } => match self.tell(told) {
                Ok(seq) => self.acknowledge(seq, Ack::Done(reply)),
                Err(refusal) => refuse(reply, refusal),
            },
            Command::Retire { reply } => match self.lifecycle.phase() {
                Phase::Stopped | Phase::Failed { .. } => self.retiring = Some(reply),
                _ => refuse(reply, Refusal::Busy { status: self.lifecycle.status() }),
            },
            Command::Leave { by, reply } => {
                self.cancel();
                self.leaving = Some(Leaving { by, reply, checkpointed: false });
            }
        }
    }

    /// Why nothing is done any more.
    fn away(&self) -> Option<Refusal> {
        match (&self.leaving, &self.retiring) {
            (Some(_), _) => Some(Refusal::GoingAway),
            (_, Some(_)) => Some(Refusal::Deleted),
            _ => None,
        }
    }

    fn input(&mut self, content: Vec<Part>, key: Option<String>) -> Result<(Seq, RunId), Refusal> {
        let key = key.map(|key| (key, fingerprint(&serde_json::to_vec(&content).unwrap_or_default())));
        if let Some((key, print)) = &key
            && let Some(known) = self.keys.get(key)
        {
            let same = known.note.fingerprint == *print;
            return if same { Ok((known.seq, known.note.run_id)) } else { Err(Refusal::KeyReused) };
        }
        match self.profiles.get(&self.profile).map(|profile| profile.takes()) {
            Some(Takes::Nothing) => return Err(Refusal::NoInput(self.profile.clone())),
            Some(Takes::Input) => self.lifecycle.may_start()?,
            None => {
                self.lifecycle.may_start()?;
                return Err(Refusal::NoProfile(self.profile.clone()));
            }
        }
        let mut draft = self.pen.draft();
        let run = self.ids.run(draft.at);
        draft.say_all(self.lifecycle.start(run, Trigger::Input)?);
        user_message(run, content.clone(), &mut self.ids, &mut draft);
        let note = key.map(|(idempotency_key, fingerprint)| KeyNote { idempotency_key, run_id: run, fingerprint });
        if let (Some(note), Some(message)) = (&note, draft.events.last_mut()) {
            message.note = serde_json::to_vec(note).ok().map(Into::into);
        }
        let seq = self.write(draft, Flush::Required);
        if let Some(note) = note {
            self.keys.insert(note, seq);
        }
        self.starting = Some((seq, Starting { run, input: content }));
        Ok((seq, run))
    }

    /// Says what somebody else has to say, between whatever the executor says.
    fn tell(&mut self, told: Told) -> Result<Seq, Refusal> {
        match self.lifecycle.phase() {
            Phase::Stopped => return Err(Refusal::Stopped),
            Phase::Failed { reason } => return Err(Refusal::Failed { reason: reason.clone() }),
            _ => {}
        }
        let mut draft = self.pen.draft();
        match told {
            Told::Notice { level, code, message } => notice(level, code, message, &mut self.ids, &mut draft),
            Told::Extension { namespace, value } => draft.say(EventKind::Extension { namespace, value }),
        }
        Ok(self.write(draft, Flush::AsConfigured))
    }

    /// Ends the run, if there is one; returns the event that says so.
    fn cancel(&mut self) -> Seq {
        let mut draft = self.pen.draft();
        draft.say_all(self.lifecycle.cancel());
        let seq = self.write(draft, Flush::Required);
        self.end_what_runs();
        seq
    }

    fn end_what_runs(&mut self) {
        if self.starting.take().is_some() {
            self.end_unstarted(Ending::cancelled());
        } else if let Some(run) = &mut self.run {
            run.cancel();
        }
    }

    fn stop(&mut self, reply: Reply<()>) {
        if let Err(refusal) = self.reopen() {
            return refuse(reply, refusal);
        }
        let holding = if self.executor.is_some() { Holding::Executor } else { Holding::Nothing };
        let mut draft = self.pen.draft();
        draft.say_all(self.lifecycle.stop(holding));
        let seq = self.write(draft, Flush::Required);
        self.end_what_runs();
        self.stops.push(reply);
        if *self.lifecycle.phase() == Phase::Stopped {
            self.answer_stops(seq);
        }
    }

    fn resume(&mut self) -> Result<Seq, Refusal> {
        self.reopen()?;
        let mut draft = self.pen.draft();
        draft.say_all(self.lifecycle.resume()?);
        Ok(self.write(draft, Flush::Required))
    }

    /// Tries a store that failed again, once everything it was given is answered and what ran is
    /// over.
    fn reopen(&mut self) -> Result<(), Refusal> {
        if !matches!(self.lifecycle.phase(), Phase::Failed { .. }) {
            return Ok(());
        }
        if self.run.is_some() || (self.broken && !self.pen.is_idle()) {
            return Err(Refusal::Busy { status: Status::Stopping });
        }
        if self.broken {
            self.broken = false;
            self.pen.repair();
        }
        Ok(())
    }

    fn resolve(&mut self, approval_id: &str, option: String, reply: Reply<()>) {
        let live = matches!(self.lifecycle.phase(), Phase::Waiting { .. });
        let Some(recorder) = self.run.as_mut().and_then(ActiveRun::recorder).filter(|_| live) else {
            return refuse(reply, Refusal::NoApproval);
        };
        let mut draft = self.pen.draft();
        match recorder.resolve(approval_id, &option, &mut draft) {
            Ok(answer) => {
                draft.say_all(self.lifecycle.answered().unwrap_or_default());
                let seq = self.write(draft, Flush::Required);
                self.acknowledge(seq, Ack::Answer { answer, option, reply });
            }
            Err(Unresolved::Unknown) => refuse(reply, Refusal::NoApproval),
            Err(Unresolved::NotAnOption(options)) => refuse(reply, Refusal::NotAnOption(options)),
        }
    }

    /// Ends the task of a stopped worker, once nothing is left.
    pub(super) fn settle_retiring(&mut self) {
        if self.retiring.is_none() {
            return;
        }
        self.release();
        if self.run.is_some() || self.releasing.is_some() || !self.pen.is_idle() {
            return;
        }
        self.over = true;
        if let Some(reply) = self.retiring.take() {
            let _ = reply.send(Ok(()));
        }
    }

    /// Ends the task at shutdown, once everything is said, written and released.
    pub(super) fn settle_leaving(&mut self) {
        let Some(leaving) = &self.leaving else { return };
        let checkpointed = leaving.checkpointed;
        if self.run.is_none() {
            self.release();
        }
        let said =
            !matches!(self.lifecycle.phase(), Phase::Running { .. } | Phase::Waiting { .. } | Phase::Stopping { .. });
        if !said || !self.pen.is_idle() {
            return;
        }
        if !checkpointed {
            if self.pace.is_behind() {
                self.checkpoint();
            }
            if let Some(leaving) = &mut self.leaving {
                leaving.checkpointed = true;
            }
        }
        if self.run.is_some() || self.releasing.is_some() || !self.pen.is_idle() {
            return;
        }
        self.leave(Left::Nothing);
    }

    /// There is no time left at shutdown.
    pub(super) fn give_up(&mut self) {
        if let Some(run) = &mut self.run {
            tracing::warn!(worker_id = %self.id, run_id = %run.id(), "the executor did not end in time");
            run.abandon();
        }
        if let Some(task) = &self.releasing {
            task.abort();
        }
        self.leave(Left::Something);
    }

    fn leave(&mut self, left: Left) {
        self.over = true;
        if let Some(leaving) = self.leaving.take() {
            let _ = leaving.reply.send(left);
        }
    }
}

fn refuse<T>(reply: Reply<T>, refusal: Refusal) {
    // Whoever gave up waiting does not need to know.
    let _ = reply.send(Err(refusal));
}

fn dismiss(command: Command, refusal: Refusal) {
    match command {
        Command::Input { reply, .. } => refuse(reply, refusal),
        Command::Cancel { reply }
        | Command::Stop { reply }
        | Command::Resume { reply }
        | Command::Resolve { reply, .. }
        | Command::Tell { reply, .. }
        | Command::Retire { reply } => refuse(reply, refusal),
        // it is leaving already, or about to be gone
        Command::Leave { reply, .. } => _ = reply.send(Left::Nothing),
    }
}
