//! Tickets are done in the order that their relations say, so many at once.

use crate::workers::{Act, Fake};
use crate::world::{World, git};
use ticket::{RelationKind, State};
use yoi_orchestrator::{DirtyBase, Ending, Options, Why};

#[tokio::test]
async fn three_tickets_with_a_dependency_end_with_a_branch_each() {
    let world = World::new();
    let third = world.queued("Third", &[]);
    let first = world.queued("First", &[(RelationKind::Blocks, third)]);
    let second = world.queued("Second", &[(RelationKind::DependsOn, third)]);
    let options = world.reviewed();
    assert_eq!(world.why(&options, third).await, Why::WaitingOn { tickets: vec![first] });
    assert_eq!(world.why(&options, second).await.to_string(), format!("waiting on {third}"));
    assert_eq!(world.why(&options, first).await, Why::Next);
    let fake = Fake::new(|new| match new.role {
        "coder" => Act { files: vec![("work.txt", format!("{}\n", new.ticket))], ..Act::good() },
        _ => Act::says("Fine.\n\nVERDICT: approve"),
    });
    let summary = world.run(&fake, &options).await.unwrap();
    assert_eq!(summary.failed, []);
    let ended: Vec<_> = summary.ended.iter().map(|end| (end.ticket, end.ending)).collect();
    assert_eq!(ended, [first, third, second].map(|id| (id, Ending::Done)));
    let kept = fake.kept.lock().unwrap();
    let roles = |id| [(id, "coder", 1), (id, "reviewer", 1)];
    assert_eq!(kept.began, [first, third, second].map(roles).concat());
    assert_eq!(kept.most_at_once, 1);
    // each branch begins where the one before it ended, and nothing is merged
    assert_eq!([first, third, second].map(|id| world.commits(id).len()), [1, 2, 3]);
    assert_eq!(git(&world.path, &["log", "--format=%s", "main"]), "Begin");
    assert_eq!(git(&world.path, &["status", "--porcelain", "--", "."]), "?? .yoi/");
    for id in [first, third, second] {
        let kinds: Vec<String> = world.show(id).events.into_iter().map(|event| event.kind).collect();
        assert_eq!(
            kinds,
            [
                "create",
                "state_changed",
                "state_changed",
                "decision",
                "state_changed",
                "plan",
                "implementation_report",
                "review",
                "state_changed"
            ]
        );
        let plan = world.show(id).plan;
        let kinds: Vec<&str> = plan.iter().map(|record| record.kind.as_str()).collect();
        assert_eq!(kinds, ["accepted_plan", "worker_made", "review_plan", "worker_made"]);
        assert_eq!(plan[0].accepted_plan.as_ref().unwrap().branch, Some(world.branch(id)));
        assert!(world.show(id).problems.is_empty());
        let report = &world.events(id, "implementation_report")[0];
        assert_eq!(report.attribute("status"), Some("attempt 1: completed"));
        assert!(report.body.contains("work.txt | 2 ") || report.body.contains("work.txt | 1 +"), "{}", report.body);
        assert!(report.body.contains("I did it."));
    }
    let told = |id, role: &str| kept.runs[&format!("orchestrate/{id}/1/{role}")].2.clone();
    assert!(told(third, "coder").contains("Third"));
    assert!(told(third, "reviewer").contains("work.txt") && told(third, "reviewer").contains("I did it."));
}

#[tokio::test]
async fn as_many_as_may_be_are_done_at_once() {
    for capacity in [1, 2] {
        let world = World::new();
        let ids: Vec<_> = ["A", "B", "C"].map(|title| world.queued(title, &[])).into();
        let options = Options { capacity, ..world.options() };
        let why = [world.why(&options, ids[0]).await, world.why(&options, ids[2]).await];
        assert_eq!(why, [Why::Next, Why::Capacity]);
        let fake = Fake::new(|_| Act::good());
        world.run(&fake, &options).await.unwrap();
        assert_eq!(fake.kept.lock().unwrap().most_at_once, capacity);
        assert!(ids.iter().all(|id| world.state(*id) == State::Done));
        assert!(ids.iter().all(|id| world.commits(*id).len() == 1));
    }
}

#[tokio::test]
async fn two_branches_that_are_not_merged_are_a_person_s() {
    let world = World::new();
    let a = world.queued("A", &[]);
    let b = world.queued("B", &[]);
    let both = world.queued("Both", &[(RelationKind::DependsOn, a), (RelationKind::DependsOn, b)]);
    let fake = Fake::new(|new| Act { files: vec![("x", format!("{}", new.ticket))], ..Act::good() });
    let options = world.options();
    let summary = world.run(&fake, &options).await.unwrap();
    assert_eq!(world.state(both), State::Queued);
    assert_eq!(summary.waiting[0].why, Why::Merge { tickets: vec![a, b] });
    git(&world.path, &["merge", "-q", "--ff-only", &world.branch(a)]);
    world.run(&fake, &options).await.unwrap();
    // B is the one that is open, so it begins there
    assert_eq!(world.state(both), State::Done);
    let parent = git(&world.path, &["rev-parse", &format!("{}^", world.branch(both))]);
    assert_eq!(parent, git(&world.path, &["rev-parse", &world.branch(b)]));
}

#[tokio::test]
async fn a_base_that_is_dirty_or_not_there_is_waited_for() {
    let world = World::new();
    let id = world.queued("A", &[]);
    std::fs::write(world.path.join("README"), "changed\n").unwrap();
    let options = world.options();
    let fake = Fake::new(|_| Act::good());
    world.run(&fake, &options).await.unwrap();
    assert_eq!(world.why(&options, id).await, Why::DirtyBase { branch: "main".into() });
    let gone = Options { base: "gone".into(), ..options.clone() };
    assert_eq!(world.why(&gone, id).await, Why::NoBase { branch: "gone".into() });
    assert_eq!(world.show(id).events.len(), 3);
    let ignoring = Options { dirty_base: DirtyBase::Ignore, ..options };
    world.run(&fake, &ignoring).await.unwrap();
    assert_eq!(world.state(id), State::Done);
    let planning = world.queued("B", &[]);
    world.take(planning, State::Planning);
    assert_eq!(world.why(&ignoring, planning).await, Why::NotQueued);
    let theirs = world.queued("C", &[]);
    world.take(theirs, State::InProgress);
    assert_eq!(world.why(&ignoring, theirs).await, Why::SomebodyElse);
}
