//! A slow viewer of the whole workspace (line 5).

use super::house::{House, parts, runtime};
use super::viewer::Viewer;
use event_log::Limits;
use protocol::{WorkspaceEvent, WorkspaceFrame, WorkspaceState};
use yoi_workspace_server::registry::RuntimeSpec;

const WORKERS: usize = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_viewer_of_the_workspace_is_told_what_it_missed() {
    let runtime = runtime(|_| {}).await;
    let mut parts = parts(vec![RuntimeSpec::Embedded(runtime.clone())]);
    parts.summary.limits = Limits { max_events: 16, ..Limits::default() };
    let house = House::start(parts);
    // so little room on the way that whoever does not read stands still
    let mut viewer = Viewer::open(house.connect(1024), "/api/events/ws", None).await;
    for _ in 0..WORKERS {
        house.worker("echo", None).await;
    }
    let (mut state, mut codes, mut snapshots) = (WorkspaceState::default(), Vec::new(), 0);
    while state.workers.len() < WORKERS {
        let got = viewer.next().await.unwrap_or_else(|code| panic!("thrown off with {code}"));
        codes.extend(got.code().map(str::to_owned));
        if let WorkspaceFrame::Event(frame) = WorkspaceFrame::from_json(&got.text).unwrap() {
            let event = frame.read().unwrap();
            snapshots += usize::from(matches!(event, WorkspaceEvent::Snapshot(_)));
            state.apply(&event);
        }
    }
    assert!(codes.iter().any(|code| code == "lagged") && codes.iter().all(|code| code == "lagged"), "{codes:?}");
    assert_eq!(snapshots, codes.len() + 1, "one at the beginning, and one after each loss");
}
