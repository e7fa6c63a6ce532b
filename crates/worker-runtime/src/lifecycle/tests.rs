//! The machine against a model that knows only what an observer is told.
//!
//! Owns the properties; must not look into the machine beyond its phase.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Start,
    Asked,
    Answered,
    Cancel,
    Stop(Holding),
    End(Outcome),
    Released,
    Resume,
    Fail,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Start),
        3 => Just(Step::Asked),
        3 => Just(Step::Answered),
        1 => Just(Step::Cancel),
        1 => prop_oneof![Just(Holding::Nothing), Just(Holding::Executor)].prop_map(Step::Stop),
        2 => prop_oneof![Just(Outcome::Completed), Just(Outcome::Failed), Just(Outcome::Cancelled)].prop_map(Step::End),
        3 => Just(Step::Released),
        2 => Just(Step::Resume),
        1 => Just(Step::Fail),
    ]
}

/// What an observer knows.
#[derive(Debug)]
struct Model {
    status: Status,
    run: Option<RunId>,
    questions: usize,
    wants_stop: bool,
}

impl Model {
    fn hear(&mut self, events: &[EventKind]) -> Result<(), TestCaseError> {
        for event in events {
            match event {
                EventKind::StatusChanged { status, .. } => {
                    prop_assert_ne!(status, &self.status, "said twice");
                    if *status == Status::Idle || *status == Status::Stopped {
                        prop_assert_eq!(self.run, None, "{} in the middle of a run", status);
                    }
                    self.status = status.clone();
                }
                EventKind::RunStarted { run_id, .. } => {
                    prop_assert_eq!(&self.status, &Status::Idle);
                    prop_assert_eq!(self.run.replace(*run_id), None, "two runs");
                }
                EventKind::RunFinished { run_id, .. } => {
                    prop_assert_eq!(self.run.take(), Some(*run_id), "another run");
                    self.questions = 0;
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
        Ok(())
    }

    fn live(&self) -> bool {
        matches!(self.status, Status::Running | Status::Waiting)
    }
}

proptest! {
    #[test]
    fn what_is_said_always_makes_sense(steps in prop::collection::vec(step(), 1..60)) {
        let mut machine = Lifecycle::at(Phase::Idle);
        let mut model = Model { status: Status::Idle, run: None, questions: 0, wants_stop: false };
        for (n, step) in steps.into_iter().enumerate() {
            let before = model.status.clone();
            match step {
                Step::Start => match machine.start(RunId::from_parts(1, n as u128), Trigger::Input) {
                    Ok(events) => model.hear(&events)?,
                    Err(Conflict::Busy { status }) => {
                        prop_assert_eq!(&status, &before);
                        prop_assert!(model.live() || before == Status::Stopping);
                    }
                    Err(Conflict::Stopped) => prop_assert_eq!(before, Status::Stopped),
                    Err(Conflict::Failed { .. }) => prop_assert_eq!(before, Status::Failed),
                    Err(Conflict::NoRun) => prop_assert!(false),
                },
                Step::Asked => match machine.asked() {
                    Ok(events) => {
                        prop_assert!(model.live());
                        model.hear(&events)?;
                        model.questions += 1;
                    }
                    Err(_) => prop_assert!(!model.live()),
                },
                Step::Answered => match machine.answered() {
                    Ok(events) => {
                        model.hear(&events)?;
                        model.questions -= 1;
                    }
                    Err(_) => prop_assert!(model.questions == 0 || !model.live()),
                },
                Step::Cancel => {
                    let live = model.live();
                    model.hear(&machine.cancel())?;
                    if live {
                        prop_assert_eq!(&model.status, &Status::Stopping);
                        model.wants_stop = false;
                    } else {
                        prop_assert_eq!(&model.status, &before);
                    }
                }
                Step::Stop(holding) => {
                    model.hear(&machine.stop(holding))?;
                    model.wants_stop = true;
                    prop_assert!(matches!(model.status, Status::Stopping | Status::Stopped));
                }
                Step::End(outcome) => {
                    let ending = Ending { outcome: outcome.clone(), error: None };
                    match machine.end_run(ending) {
                        Ok(events) => {
                            let cancelled = before == Status::Stopping && outcome != Outcome::Completed;
                            let expected = if cancelled { Outcome::Cancelled } else { outcome };
                            let told = matches!(&events[0], EventKind::RunFinished { outcome, .. } if *outcome == expected);
                            prop_assert!(told, "{:?}", events);
                            model.hear(&events)?;
                        }
                        Err(_) => prop_assert_eq!(model.run, None),
                    }
                }
                Step::Released => {
                    model.hear(&machine.released())?;
                    if before == Status::Stopping && model.run.is_none() {
                        let expected = if model.wants_stop { Status::Stopped } else { Status::Idle };
                        prop_assert_eq!(&model.status, &expected);
                    }
                }
                Step::Resume => match machine.resume() {
                    Ok(events) => {
                        model.hear(&events)?;
                        model.wants_stop = false;
                        prop_assert!(model.live() || model.status == Status::Idle);
                    }
                    Err(_) => prop_assert_eq!(before, Status::Stopping),
                },
                Step::Fail => {
                    machine.fail("broken");
                    (model.status, model.run, model.questions) = (Status::Failed, None, 0);
                }
            }
            prop_assert_eq!(&machine.status(), &model.status);
            if model.live() {
                prop_assert_eq!(model.status == Status::Waiting, model.questions > 0);
            }
        }
    }
}

#[test]
fn a_stop_without_anything_held_is_at_once() {
    let mut machine = Lifecycle::at(Phase::Idle);
    assert_eq!(machine.stop(Holding::Nothing), [say(Status::Stopped)]);
    assert_eq!(machine.stop(Holding::Executor), []);
    assert_eq!(machine.resume(), Ok(vec![say(Status::Idle)]));
    assert_eq!(machine.stop(Holding::Executor), [say(Status::Stopping)]);
    assert_eq!(machine.released(), [say(Status::Stopped)]);
}
