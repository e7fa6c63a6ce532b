//! Runs: what executors say, ask and do wrong.
//!
//! Owns the tests of recording, as watchers see it.

use crate::core_support::*;
use protocol::api::ResolveApproval;
use protocol::{Approval, Code, Level, Part, Status, Usage};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use worker_runtime::executor::{Ending, Output, RunContext};
use worker_runtime::{ApiError, ApprovalError};

fn approval(id: &str) -> Approval {
    let options = vec!["yes".to_owned(), "no".to_owned()];
    Approval { approval_id: id.into(), title: "may I?".into(), options, call_id: None, extra: Default::default() }
}

#[tokio::test]
async fn everything_said_before_the_end_is_heard() {
    let script = Script::new("burst", |context: RunContext| async move {
        context.out.emit(started("1")).await.unwrap();
        for n in 0..5000 {
            context.out.emit(delta("1", &format!("{n} "))).await.unwrap();
        }
        // left open: the worker closes it
        Ending::completed()
    });
    let runtime = runtime(script).await;
    let id = create(&runtime).await;
    input(&runtime, id, "go").await;
    let state = idle(&runtime, id).await;
    let expected: String = (0..5000).map(|n| format!("{n} ")).collect();
    assert_eq!(state.transcript.last().unwrap().text.as_ref(), Some(&expected));
    let stream = runtime.observation().stream(id).unwrap();
    assert_eq!(told(&stream).iter().filter(|t| t.starts_with("delta")).count(), 5000);
    assert_eq!(
        told(&stream).iter().rev().take(3).collect::<Vec<_>>(),
        ["status idle", "run completed", "block interrupted"]
    );
    check_convergence(&stream);
}

#[tokio::test]
async fn questions_wait_for_their_answers() {
    let script = Script::new("asks", |context: RunContext| async move {
        let (one, two) = tokio::join!(context.out.ask(approval("1")), context.out.ask(approval("2")));
        context.out.emit(started("1")).await.unwrap();
        context.out.emit(delta("1", &format!("{} {}", one.unwrap(), two.unwrap()))).await.unwrap();
        Ending::completed()
    });
    let runtime = runtime(script).await;
    let interaction = runtime.interaction();
    let id = create(&runtime).await;
    input(&runtime, id, "go").await;
    let state = until(&runtime, id, |state| state.approvals.len() == 2).await;
    assert_eq!(state.status, Status::Waiting);
    let ids: Vec<_> = state.approvals.iter().map(|a| a.approval_id.clone()).collect();
    let yes = || ResolveApproval { option: "yes".into() };

    let error = interaction.resolve_approval(id, "1", yes()).await.unwrap_err();
    assert_eq!(error, ApprovalError::ApprovalNotFound, "the executor's own name is not the log's");
    let error =
        interaction.resolve_approval(id, &ids[0], ResolveApproval { option: "maybe".into() }).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidInput);
    assert!(error.to_string().contains("yes, no"), "{error}");

    interaction.resolve_approval(id, &ids[1], ResolveApproval { option: "no".into() }).await.unwrap();
    assert_eq!(runtime.catalogue().get(id).unwrap().status, Status::Waiting);
    interaction.resolve_approval(id, &ids[0], yes()).await.unwrap();
    let state = idle(&runtime, id).await;
    assert_eq!(state.transcript.last().unwrap().text.as_deref(), Some("yes no"));
    assert_eq!(interaction.resolve_approval(id, &ids[0], yes()).await.unwrap_err(), ApprovalError::ApprovalNotFound);
    check_convergence(&runtime.observation().stream(id).unwrap());
}

#[tokio::test]
async fn a_cancelled_run_closes_its_questions() {
    let script = Script::new("asks", |context: RunContext| async move {
        let answer = tokio::select! {
            answer = context.out.ask(approval("1")) => answer,
            () = context.cancel.cancelled() => Err(worker_runtime::executor::RunOver),
        };
        assert!(answer.is_err());
        // asked too late: nobody will answer, and nobody is told
        assert!(context.out.ask(approval("2")).await.is_err());
        Ending::cancelled()
    });
    let runtime = runtime(script).await;
    let id = create(&runtime).await;
    input(&runtime, id, "go").await;
    until(&runtime, id, |state| state.status == Status::Waiting).await;
    runtime.interaction().cancel(id).await.unwrap();
    idle(&runtime, id).await;
    let stream = runtime.observation().stream(id).unwrap();
    assert_eq!(
        told(&stream)[4..],
        [
            "approval requested",
            "status waiting",
            "status stopping",
            "approval cancelled",
            "run cancelled",
            "status idle",
        ]
    );
    check_convergence(&stream);
}

#[tokio::test]
async fn a_panic_ends_the_run_and_not_the_worker() {
    let runs = Arc::new(AtomicUsize::new(0));
    let script = Script::new("panics", move |context: RunContext| {
        let run = runs.fetch_add(1, Ordering::SeqCst);
        async move {
            context.out.emit(started("1")).await.unwrap();
            assert!(run > 0, "on purpose");
            Ending::completed()
        }
    });
    let runtime = runtime(Arc::clone(&script)).await;
    let id = create(&runtime).await;
    input(&runtime, id, "go").await;
    idle(&runtime, id).await;
    input(&runtime, id, "go on").await;
    idle(&runtime, id).await;
    let stream = runtime.observation().stream(id).unwrap();
    let ends: Vec<_> = told(&stream).into_iter().filter(|t| t.starts_with("run ") && t != "run started").collect();
    assert_eq!(ends, ["run failed executor_panicked", "run completed"]);
    assert_eq!(script.made.load(Ordering::SeqCst), 2);
    check_convergence(&stream);
}

#[tokio::test]
async fn usage_adds_up_over_runs() {
    let script = Script::new("counts", |context: RunContext| async move {
        for n in 1..=3 {
            let usage = Usage { input_tokens: n, output_tokens: 10 * n, ..Usage::default() };
            context.out.emit(Output::Usage(usage)).await.unwrap();
        }
        Ending::completed()
    });
    let runtime = runtime(script).await;
    let id = create(&runtime).await;
    for total in [3, 6] {
        input(&runtime, id, "go").await;
        let state = idle(&runtime, id).await;
        assert_eq!((state.usage.input_tokens, state.usage.output_tokens), (total, 10 * total));
    }
}

#[tokio::test]
async fn large_results_and_notices_find_their_way() {
    let script = Script::new("talks", |context: RunContext| async move {
        let content = vec![Part::text("x".repeat(1 << 20))];
        context.out.emit(Output::ToolResult { call_id: "c".into(), content, is_error: true }).await.unwrap();
        let (code, message) = ("odd".into(), "look".into());
        context.out.emit(Output::Notice { level: Level::Warning, code, message }).await.unwrap();
        context.out.emit(delta("nowhere", "x")).await.unwrap();
        Ending::failed("broke", "it broke")
    });
    let runtime = runtime(script).await;
    let id = create(&runtime).await;
    input(&runtime, id, "go").await;
    let state = idle(&runtime, id).await;
    let stream = runtime.observation().stream(id).unwrap();
    assert_eq!(
        told(&stream)[4..],
        ["tool result", "notice odd", "notice unknown_block", "run failed broke", "status idle"]
    );
    let cut = state.transcript.iter().find(|e| e.kind == protocol::EntryKind::ToolResult).unwrap();
    assert!(cut.omitted_bytes > 700_000);
    let page = runtime.interaction().transcript(id, None, Some(3)).await.unwrap();
    assert_eq!(page.entries.len(), 2, "a page has its bound, too");
    let page = runtime.interaction().transcript(id, page.before, Some(1)).await.unwrap();
    assert_eq!(page.entries[0].content.as_ref().unwrap()[0].as_text().unwrap().len(), 1 << 20);
    assert_eq!((page.entries[0].omitted_bytes, &page.entries[0].entry_id), (0, &cut.entry_id));
    check_convergence(&stream);
}
