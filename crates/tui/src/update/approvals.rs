//! Answering questions.
//!
//! Owns the care that is taken: a key answers only a question that has been on the screen long enough to be
//! read, so that one that has just taken another's place is not answered in its stead.

use super::Effect;
use crate::backend::Command;
use crate::model::{LOOK, Model, Severity};

pub(super) fn answer(model: &mut Model, digit: char, effects: &mut Vec<Effect>) {
    let now = model.now;
    let Some(watched) = model.current_mut() else { return };
    let Some(question) = watched.question().cloned() else { return };
    let seen = watched.asked.as_ref().filter(|(id, _)| *id == question.approval_id);
    if seen.is_none_or(|(_, since)| now.saturating_sub(*since) < LOOK) {
        model.tell(Severity::Info, "this question has only just come: read it, then press the key again");
        return;
    }
    let at = digit.to_digit(10).and_then(|n| n.checked_sub(1)).and_then(|n| usize::try_from(n).ok());
    let Some(option) = at.and_then(|at| question.options.get(at)).cloned() else {
        model.tell(Severity::Info, format!("the question has no option {digit}"));
        return;
    };
    let (worker, approval_id) = (watched.key.clone(), question.approval_id);
    // until it is gone, it is not answered again by the same key
    watched.asked = Some((approval_id.clone(), now));
    effects.push(Effect::Command { worker, command: Command::Approve { approval_id, option } });
}
