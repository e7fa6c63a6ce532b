//! Backends beside each other: with one key, each takes the other's cursors.

use crate::support::{World, is_idle};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_never_saw_the_worker_takes_its_cursor() {
    let world = World::start().await;
    let mut told = Vec::new();
    let mut held = Vec::new();
    for target in &world.targets {
        let worker = target.make(1, "script").await;
        let mut watcher = target.watch(worker, "").await;
        let begin = watcher.events_up_to("ready").await.remove(0);
        target.say(worker, "all").await;
        let live = watcher.up_to(is_idle).await;
        held.push((worker, begin.cursor, live));
    }
    let (_same, same) = world.another(7).await;
    let (_other, other) = world.another(8).await;
    for (at, (worker, cursor, live)) in held.into_iter().enumerate() {
        let mut watcher = same[at].watch(worker, &format!("on_gap=close&cursor={cursor}")).await;
        let all = watcher.up_to(|got| got.word() == "ready").await;
        assert_eq!(all[..all.len() - 1], live, "the same events with the same cursors");
        let detail = same[at].detail(worker).await;
        assert_eq!(detail["cursor"], world.targets[at].detail(worker).await["cursor"]);
        let mut watcher = other[at].watch(worker, &format!("on_gap=close&cursor={cursor}")).await;
        assert_eq!(watcher.words_to_the_end().await, ["cursor_unknown", "4409"], "of another key");
        // of the same name on another runtime
        let mut watcher = same[1 - at].watch(worker, &format!("on_gap=close&cursor={cursor}")).await;
        assert_eq!(watcher.words_to_the_end().await, ["cursor_unknown", "4409"], "of another runtime");
        // what is said at one is seen at the other
        let mut here = same[at].watch(worker, "mode=live").await;
        here.events_up_to("ready").await;
        world.targets[at].say(worker, "say both").await;
        told.push(here.up_to(is_idle).await.len());
    }
    assert_eq!(told[0], told[1]);
}
