//! Who is shown what plugins may reach.

use super::stage::{Stage, everybody, principal, token};
use protocol::{PluginList, Role};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use yoi_access::{Directory, Principals, Roles, RolesRules};

#[tokio::test]
async fn whoever_drives_sees_the_plugins_and_whoever_watches_or_is_kept_to_some_workers_does_not() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let stage = Stage::with(|parts| {
        let kept = principal("kim", &Role::Admin, &["team=one"], &token("kim"));
        let everybody: Vec<_> = everybody().iter().map(|principal| (**principal).clone()).chain([kept]).collect();
        let principals = Principals::new(everybody).unwrap();
        parts.policy = Arc::new(Roles::new(RolesRules::default(), &principals));
        parts.directory = Arc::new(Directory::new(principals));
        parts.plugins = Some(Arc::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
            Box::pin(async { PluginList { problem: Some("nothing is granted".to_owned()), ..PluginList::default() } })
        }));
    })
    .await;
    for who in ["otto", "ada"] {
        let list = stage.ask(who, "GET", "/api/plugins", None).await.good(200);
        assert_eq!(list["problem"], "nothing is granted", "{who}");
    }
    for who in ["vera", "kim"] {
        assert_eq!(stage.ask(who, "GET", "/api/plugins", None).await.told(), (403, "forbidden".to_owned()), "{who}");
    }
    assert_eq!(stage.raw("GET", "/api/plugins", &[], None).await.told(), (401, "unauthenticated".to_owned()));
    assert_eq!(asked.load(Ordering::SeqCst), 2, "nobody is asked for those who are not shown it");
}

#[tokio::test]
async fn a_workspace_without_a_runtime_of_its_own_has_none() {
    let stage = Stage::with(|_| {}).await;
    let list = stage.ask("ada", "GET", "/api/plugins", None).await.good(200);
    assert_eq!(list, serde_json::json!({ "plugins": [] }));
}
