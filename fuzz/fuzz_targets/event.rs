//! An event from anywhere: it is refused, or survives a round trip and folds within the bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::{AnyEvent, State, Timestamp, WorkerId, WorkerInfo, bounds};

fuzz_target!(|text: &str| {
    let mut state = State::new(WorkerInfo {
        worker_id: WorkerId::from_parts(1, 1),
        display_name: String::new(),
        profile: String::new(),
        labels: Default::default(),
        created_at: Timestamp::default(),
        extra: Default::default(),
    });
    for line in text.lines() {
        let Ok(event) = AnyEvent::from_json(line) else { continue };
        let json = serde_json::to_string(&event).expect("an event encodes");
        let again = AnyEvent::from_json(&json).expect("what was encoded is an event");
        if let AnyEvent::Unknown(unknown) = &event {
            assert_eq!(unknown.json().as_bytes(), line.trim_matches([' ', '\t', '\n', '\r']).as_bytes(), "unknown events are untouched");
        }
        assert_eq!(json, serde_json::to_string(&again).expect("an event encodes"));
        state.apply(&event);
        assert!(state.transcript.len() <= bounds::TRANSCRIPT_ENTRIES);
        assert!(state.open_blocks.len() <= bounds::OPEN_BLOCKS);
        assert!(state.approvals.len() <= bounds::APPROVALS);
    }
});
