//! Many watchers, and many workers.
//!
//! Owns what numbers must not change: one upstream connection however many watch, everybody complete
//! and in order while some do not read, memory that does not follow those, and the cost of an event
//! that does not grow with workers that say nothing.

mod cost;
mod crowd;

use crate::profiles::number;
use crate::serving::Serving;
use crate::stage::viewer::{Viewer, Word};

/// Reads a run of so many numbered deltas to its end, none missing and none twice; says how often
/// something was told to be missing.
async fn read_run(viewer: &mut Viewer, deltas: u64) -> usize {
    let (mut next, mut gaps, mut told) = (0, 0, false);
    loop {
        match viewer.word().await {
            Word::Event(event) if event.is_snapshot() => {
                assert!(told, "a snapshot in place of what was missed");
                told = false;
                let state = event.state().unwrap();
                let open = state.open_blocks.last().map(|block| block.text.as_str());
                let text = open.or_else(|| state.transcript.last()?.text.as_deref()).unwrap_or_default();
                next = text.split_terminator(' ').next_back().map_or(0, |piece| number(piece) + 1);
                if state.run.is_none() && next == deltas {
                    return gaps;
                }
            }
            Word::Event(event) => {
                assert!(!told, "no snapshot came");
                if event.is_idle() {
                    assert_eq!(next, deltas, "something is missing at the end");
                    return gaps;
                }
                if event.json.starts_with(r#"{"type":"block_started""#) {
                    next = 0;
                }
                // one that was merged holds several numbers
                for piece in event.delta().unwrap_or_default().split_terminator(' ') {
                    assert_eq!(number(piece), next, "a hole, or a repetition");
                    next += 1;
                }
            }
            Word::Diagnostic(diagnostic) if diagnostic.code == protocol::Code::Lagged => {
                gaps += 1;
                told = true;
            }
            other => panic!("after {next}: {other:?}"),
        }
    }
}

/// The time that a process has spent, in microseconds: that of all its threads.
fn spent(serving: &Serving) -> u64 {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", serving.pid().as_raw_nonzero())).unwrap();
    let of = |task: std::io::Result<std::fs::DirEntry>| {
        // a thread may be gone meanwhile
        let stat = std::fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap_or_default();
        stat.split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok()).unwrap_or(0)
    };
    tasks.map(of).sum::<u64>() / 1000
}
