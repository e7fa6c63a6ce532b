//! Runtimes as rows.

use crate::support::{Story, Target};

pub async fn runtimes_are_rows(target: &Target, story: &mut Story) {
    let list = target.plain("GET", "/api/runtimes", None).await.good(200);
    let ids: Vec<_> = list["runtimes"].as_array().unwrap().iter().map(|row| row["runtime_id"].clone()).collect();
    assert_eq!(ids, ["afar", "near"], "in the order of their ids");
    let reply = target.ask(story, "GET", &target.path(""), None).await;
    let row = reply.good(200);
    assert_eq!(row["runtime_id"], target.runtime_id.as_str());
    assert_eq!(row["kind"], target.kind.as_str());
    assert_eq!(row["link"], "up");
    assert_eq!(row["profiles"][1]["name"], "script");
    assert_eq!(row["default_profile"], "echo");
    let age = row["checked_at"].as_str().unwrap().parse::<protocol::Timestamp>().unwrap();
    assert!(age.as_millis() > 0);
    for name in ["nobody", "NOT%20AN%20ID", "%ff", "..%2fafar"] {
        let reply = target.ask(story, "GET", &format!("/api/runtimes/{name}"), None).await;
        assert_eq!(reply.code(), "runtime_not_found", "{name}");
        let reply = target.ask(story, "GET", &format!("/api/runtimes/{name}/workers"), None).await;
        assert_eq!(reply.code(), "runtime_not_found", "{name}");
    }
    let reply = target.ask(story, "PATCH", &target.path(""), Some("{}")).await;
    assert_eq!((reply.code().as_str(), reply.header("allow")), ("method_not_allowed", Some("GET,HEAD")));
    assert_eq!(target.ask(story, "GET", &target.path("/nothing"), None).await.code(), "not_found");
}
