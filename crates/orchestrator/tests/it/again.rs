//! What does not succeed is tried again, and not for ever.

use crate::workers::{Act, Fake};
use crate::world::World;
use std::time::Duration;
use ticket::State;
use yoi_orchestrator::{Ended, Ending, Options, Progress, Why};

#[tokio::test]
async fn a_ticket_that_fails_is_tried_so_often_and_then_a_person_s() {
    let world = World::new();
    let id = world.queued("A", &[]);
    let fake = Fake::new(|_| Act { ended: Ended::Failed, ..Act::says("It broke.") });
    let options = Options { attempts: 3, ..world.options() };
    let summary = world.run(&fake, &options).await.unwrap();
    let endings: Vec<_> = summary.ended.iter().map(|end| (end.attempt, end.ending)).collect();
    assert_eq!(endings, [(1, Ending::Queued), (2, Ending::Queued), (3, Ending::Planning)]);
    assert_eq!(fake.kept.lock().unwrap().workers.len(), 3);
    assert_eq!(world.state(id), State::Planning);
    assert!(world.last_reason(id).starts_with("attempts exhausted (3 of 3): the worker's run ended as failed"));
    assert_eq!(world.why(&options, id).await, Why::AttemptsExhausted { attempts: 3 });
    assert_eq!(world.events(id, "implementation_report").len(), 3);
    // nothing more happens, until a person queues it: then it is tried anew
    assert_eq!(world.run(&fake, &options).await.unwrap().ended, []);
    world.take(id, State::Ready);
    world.take(id, State::Queued);
    let good = Fake::new(|_| Act::good());
    let summary = world.run(&good, &options).await.unwrap();
    assert_eq!((summary.ended[0].attempt, summary.ended[0].ending), (4, Ending::Done));
}

#[tokio::test]
async fn no_commits_is_not_done_and_what_is_left_is_committed() {
    let world = World::new();
    let empty = world.queued("Empty", &[]);
    let left = world.queued("Left", &[]);
    let fake = Fake::new(move |new| match new.ticket == empty {
        true => Act::says("I did nothing."),
        false => Act { commits: false, ..Act::good() },
    });
    world.run(&fake, &world.options()).await.unwrap();
    assert_eq!((world.state(empty), world.state(left)), (State::Planning, State::Done));
    assert!(world.last_reason(empty).contains("no commits"), "{}", world.last_reason(empty));
    assert_eq!(world.commits(left), ["Left"]);
    assert!(world.events(left, "implementation_report")[0].body.contains("was committed in the name"));
}

#[tokio::test]
async fn what_a_review_asks_for_is_told_to_the_next_attempt() {
    let world = World::new();
    let id = world.queued("A", &[]);
    let fake = Fake::new(|new| match (new.role, new.attempt) {
        ("coder", attempt) => Act { files: vec![("work.txt", format!("{attempt}"))], ..Act::good() },
        (_, 1) => Act::says("The sun is missing.\n\n**VERDICT: changes**\n"),
        _ => Act::says("Good."),
    });
    let summary = world.run(&fake, &world.reviewed()).await.unwrap();
    assert_eq!(summary.ended.iter().map(|end| end.ending).collect::<Vec<_>>(), [Ending::Queued, Ending::Done]);
    let kept = fake.kept.lock().unwrap();
    assert!(kept.runs[&format!("orchestrate/{id}/2/coder")].2.contains("The sun is missing."));
    assert_eq!(world.commits(id).len(), 2);
    let statuses: Vec<_> =
        world.events(id, "review").iter().map(|e| e.attribute("status").unwrap().to_owned()).collect();
    assert_eq!(statuses, ["attempt 1: changes requested", "attempt 2: approved"]);
}

#[tokio::test]
async fn a_profile_that_is_not_there_is_told_and_bounded() {
    let world = World::new();
    let id = world.queued("A", &[]);
    let fake = Fake::new(|_| Act::good());
    let mut options = world.options();
    options.roles.coder = "missing".into();
    world.run(&fake, &options).await.unwrap();
    assert_eq!(world.state(id), State::Planning);
    assert!(world.events(id, "implementation_report")[0].body.contains("profile_not_found"));
    assert_eq!(fake.kept.lock().unwrap().runs.len(), 0);
}

#[tokio::test]
async fn a_runtime_that_is_away_for_a_moment_is_waited_for_and_for_longer_is_told() {
    let world = World::new();
    let id = world.queued("A", &[]);
    let fake = Fake::new(|_| Act::good());
    fake.kept.lock().unwrap().away = usize::MAX;
    let told = std::sync::Mutex::new(Vec::new());
    let note = |progress: Progress| told.lock().unwrap().push(progress);
    let mut options = world.options();
    options.limits.away = Duration::from_millis(300);
    let summary = world.run_until(&fake, &options, Default::default(), note).await.unwrap();
    assert_eq!(summary.failed.len(), 1);
    let is_away = |p: &Progress| matches!(p, Progress::Failed { code: "runtime_unavailable", .. });
    assert!(told.lock().unwrap().iter().any(is_away));
    assert_eq!(world.state(id), State::InProgress);
    assert_eq!(world.why(&world.options(), id).await, Why::UnderWay { attempt: 1 });
    fake.kept.lock().unwrap().away = 3;
    let summary = world.run(&fake, &world.options()).await.unwrap();
    assert_eq!((summary.ended[0].attempt, summary.ended[0].ending), (1, Ending::Done));
}

#[tokio::test]
async fn a_run_that_takes_too_long_is_cancelled() {
    let world = World::new();
    let id = world.queued("A", &[]);
    let fake = Fake::new(|_| Act { holds: true, ..Act::good() });
    let mut options = Options { attempts: 1, ..world.options() };
    options.limits.run = Duration::from_millis(200);
    world.run(&fake, &options).await.unwrap();
    assert_eq!(fake.kept.lock().unwrap().cancelled.len(), 1);
    assert_eq!(world.events(id, "implementation_report")[0].attribute("status"), Some("attempt 1: limit"));
    assert!(world.last_reason(id).contains("ended as limit"));
}
