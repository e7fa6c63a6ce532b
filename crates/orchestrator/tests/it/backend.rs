//! The whole way, with a runtime that is served and workers that are programs.

use crate::world::World;
use std::sync::Arc;
use std::time::Duration;
use ticket::State;
use tokio_util::sync::CancellationToken;
use worker_runtime::executor::{Process, ProcessOptions};
use worker_runtime::server::{Server, ServerOptions};
use worker_runtime::store::memory::{MemoryOptions, MemoryStore};
use worker_runtime::{Runtime, RuntimeOptions};
use yoi_client::{ClientOptions, RuntimeClient};
use yoi_orchestrator::{Backend, Ended, Ending, Git, NewWorker, Retry, Workers};

/// A runtime that is served, and its workers.
async fn served() -> Backend {
    let program = |script: &str| ProcessOptions::new(["/bin/sh", "-c", script]);
    let coder = program("cat > told; mv told work.txt; echo 'I did it.'");
    let broken = program("cat > /dev/null; echo 'It broke.'; exit 3");
    let slow = program("cat > /dev/null; sleep 60");
    let profiles = [("coder", coder), ("broken", broken), ("slow", slow)];
    let profiles = profiles.map(|(name, options)| Arc::new(Process::new(name, options).unwrap()) as Arc<_>);
    let store = Arc::new(MemoryStore::new(MemoryOptions::default()).unwrap());
    let options = RuntimeOptions {
        capabilities: worker_runtime::server::capabilities(),
        ..RuntimeOptions::new("test".parse().unwrap(), profiles.into(), store)
    };
    let runtime = Runtime::start(options).await.unwrap();
    let options = ServerOptions::new("127.0.0.1:0".parse().unwrap());
    let server = Server::bind(options, runtime).await.unwrap();
    let url = format!("http://{}", server.local_addr());
    tokio::spawn(server.run(CancellationToken::new()));
    Backend::new(RuntimeClient::direct(ClientOptions::new(url)).unwrap(), "test")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_do_tickets() {
    let world = World::new();
    let id = world.queued("A title", &[]);
    let backend = served().await;
    let git = Git::open(&world.path).await.unwrap();
    let options = world.options();
    let run = yoi_orchestrator::run(world.store.clone(), git, &backend, &options, CancellationToken::new(), |_| {});
    let summary = tokio::time::timeout(Duration::from_secs(60), run).await.unwrap().unwrap();
    assert_eq!(summary.failed, []);
    assert_eq!((summary.ended[0].ending, world.state(id)), (Ending::Done, State::Done));
    assert_eq!(world.commits(id), ["A title"]);
    let report = &world.events(id, "implementation_report")[0];
    assert!(report.body.contains("I did it."), "{}", report.body);
    let work = std::fs::read_to_string(world.path.join(format!(".yoi/worktrees/{id}/work.txt"))).unwrap();
    assert!(work.contains("You are to do the ticket") && work.contains("A title"), "{work}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_followed_to_its_end_however_long_ago_that_was() {
    let world = World::new();
    let backend = served().await;
    let new = |profile: &str, attempt| NewWorker {
        id: protocol::WorkerId::from_parts(1, u128::from(attempt)),
        name: "a worker".into(),
        profile: profile.into(),
        folder: world.path.clone(),
        ticket: "00001KVZKSTJT".parse().unwrap(),
        role: "coder",
        attempt,
    };
    let worker = new("broken", 1);
    let id = worker.id;
    let position = backend.create(worker.clone()).await.unwrap();
    backend.create(worker).await.unwrap();
    let run = backend.input(id, "k".into(), "go".into()).await.unwrap();
    assert_eq!(backend.input(id, "k".into(), "go".into()).await, Ok(run));
    for _ in 0..2 {
        let end = backend.follow(id, run, position.clone()).await.unwrap();
        assert_eq!((end.ended, end.last_text.trim()), (Ended::Failed, "It broke."), "{end:?}");
        assert!(end.why.is_some());
    }
    // without a position there is only what is there now
    assert_eq!(backend.follow(id, run, None).await.unwrap().ended, Ended::Unknown);
    let refused = backend.create(new("missing", 2)).await.unwrap_err();
    assert_eq!((refused.code.as_str(), refused.retry), ("profile_not_found", Retry::No));
    let slow = new("slow", 3);
    let id = slow.id;
    let position = backend.create(slow).await.unwrap();
    let run = backend.input(id, "k".into(), "go".into()).await.unwrap();
    backend.cancel(id).await.unwrap();
    assert_eq!(backend.follow(id, run, position).await.unwrap().ended, Ended::Cancelled);
}
