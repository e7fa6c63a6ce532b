//! What a plugin's stream tells of how it does.
//!
//! Owns crashes, suspension, disabling and files that are wrong.

use crate::workspace::Workspace;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_that_crashes_is_told_and_started_again() {
    let workspace = Workspace::new();
    workspace.config(&json!({ "run": [{ "do": "sleep", "ms": 300 }, { "do": "trap" }] }));
    let digest = workspace.package(&[]);
    workspace.grant(&digest, &[]);
    let running = workspace.start().await;
    let own = plugins::worker_id("probe");
    running.told(own, "plugin_running").await;
    running.told(own, "plugin_crashed").await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_package_that_asks_for_more_is_suspended_and_says_what_grew() {
    let workspace = Workspace::new();
    workspace.config(&json!({ "run": [{ "do": "sleep", "ms": 60_000 }] }));
    let digest = workspace.package(&[]);
    workspace.grant(&digest, &[]);
    let running = workspace.start().await;
    let own = plugins::worker_id("probe");
    running.told(own, "plugin_running").await;
    workspace.package(&[("websocket", "one-more", 9)]);
    running.told(own, "plugin_suspended").await;
    let shown = running.plugins.shown().await.plugins;
    let [row] = &shown[..] else { panic!("{shown:?}") };
    assert_eq!((row.standing.as_str(), row.missing), ("suspended", 1), "{row:?}");
    assert_eq!((row.worker_id, &row.marks[..]), (Some(own), &["broad".to_owned(), "loopback".to_owned()][..]));
    assert!(row.review.as_deref().is_some_and(|review| review.contains("one-more")), "{row:?}");
    let text = running.text(own);
    assert!(text.contains("one-more") && text.contains("ws://127.0.0.1:9"), "{text}");
    // somebody looks at it and grants
    let digest = workspace.package(&[("websocket", "one-more", 9)]);
    workspace.grant(&digest, &[("websocket", "one-more", 9)]);
    let count = |running: &crate::workspace::Running| {
        running.codes(own).iter().filter(|code| *code == "plugin_running").count()
    };
    running.until(own, "it runs again", |_| count(&running) == 2).await;

    // grants that are wrong grant nothing
    std::fs::write(workspace.path().join(".yoi/plugins.toml"), "[plugins.probe]\nenabled = yes\n").unwrap();
    running.told(own, "plugin_grants_wrong").await;
    running.told(own, "plugin_disabled").await;
    let shown = running.plugins.shown().await;
    assert!(shown.problem.is_some_and(|problem| problem.contains("plugins.toml")));
    assert_eq!(shown.plugins[0].review.as_deref().map(|review| review.contains("one-more")), Some(true));
    // and one that is not there any more has ended
    std::fs::remove_dir_all(workspace.path().join(".yoi/plugins/probe")).unwrap();
    workspace.grant(&digest, &[]);
    running.told(own, "plugin_removed").await;
    let text = running.text(own);
    assert!(!text.contains(workspace.path().to_str().unwrap()), "no path is told:\n{text}");
    running.end().await;
}
