//! What clients can rely on, whichever kind of runtime is behind the backend.
//!
//! Owns the one list of cases, and runs it for an embedded runtime and for a remote one: each case
//! holds for both, and what both answered is the same but for names, ids, times and cursors.

mod away;
mod deflate;
mod description;
mod replicas;
mod workspace;

use crate::support::{Story, Target, World};

/// The cases: a test for each, which runs it in a world of its own for both runtimes.
macro_rules! cases {
    ($($module:ident: $($case:ident),+ $(,)?;)+) => {
        $(mod $module;)+
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                for_both($module::$case).await;
            }
        )+)+
    };
}

cases! {
    runtimes: runtimes_are_rows;
    workers: a_worker_is_made_once, what_cannot_be_made_is_refused, workers_are_listed_in_pages, a_detail_says_where_and_what;
    commands: input_begins_one_run, input_that_is_wrong_is_refused, a_run_is_cancelled, a_worker_is_stopped_resumed_and_deleted,
        a_question_is_answered, runs_that_fail_say_why;
    transcripts: a_transcript_is_paged_to_its_end, a_tool_s_output_of_20_mb_is_whole_in_the_transcript;
    streams: a_stream_begins_with_a_snapshot, a_cursor_resumes_without_one, a_snapshot_in_the_middle_of_a_block_goes_on,
        modes_are_what_they_say, events_pass_through_byte_for_byte, everybody_converges;
    endings: whoever_speaks_is_closed, names_that_are_not_there_are_told_after_the_upgrade, parameters_are_held_to_their_form,
        a_worker_deleted_while_watched_is_told, a_stopped_worker_is_still_watched;
    cursors: a_cursor_is_good_for_one_worker_and_whole, a_cursor_too_old_is_expired, a_cursor_is_the_same_everywhere;
    events: server_sent_events_say_what_frames_say, server_sent_events_go_on_after_the_last_id, server_sent_events_refuse_with_problems;
    loads: a_burst_reaches_everybody_complete_and_in_order;
}

async fn for_both(case: impl AsyncFn(&Target, &mut Story)) {
    let world = World::start().await;
    let mut stories = Vec::new();
    for target in &world.targets {
        let mut story = Story::of(target.runtime_id.as_str());
        case(target, &mut story).await;
        assert!(!story.lines().is_empty(), "a case that tells nothing compares nothing");
        stories.push(story);
    }
    let [embedded, remote] = stories.as_slice() else { panic!("{}", stories.len()) };
    for (at, (embedded, remote)) in embedded.lines().iter().zip(remote.lines()).enumerate() {
        assert_eq!(embedded, remote, "line {at}: embedded left, remote right");
    }
    assert_eq!(embedded.lines().len(), remote.lines().len());
}
