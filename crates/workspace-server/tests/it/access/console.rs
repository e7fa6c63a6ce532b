//! The console's page: there for whoever can connect, and it tells nothing.

use super::stage::{Stage, of, token};

/// The paths of its pages. A worker's is there whether or not there is such a worker, and so is a ticket's.
const PAGES: [&str; 6] =
    ["/", "/plugins", "/settings", "/tickets", "/tickets/00001KVZKSTJT", "/workers/local/w_01jd3v5k9m8q2r4t6w8y0a1c3e"];

#[tokio::test]
async fn a_stranger_gets_the_page_where_one_signs_in_and_nothing_of_the_workspace() {
    let stage = Stage::with(|_| {}).await;
    let worker = stage.make(1, &[("secret", "yes")]).await;
    let mut bodies = Vec::new();
    for path in PAGES.map(str::to_owned).into_iter().chain([format!("/workers/local/{worker}")]) {
        let reply = stage.raw("GET", &path, &[], None).await;
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(reply.header("cache-control"), Some("no-cache"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert!(reply.header("content-security-policy").unwrap().starts_with("default-src 'none'; "), "{reply:?}");
        assert_eq!(reply.header("set-cookie"), None);
        bodies.push(reply.body.clone());
    }
    let page = &bodies[0];
    assert!(bodies.iter().all(|body| body == page), "whether there is such a worker is not told");
    for word in [&*worker.to_string(), "secret", &*token("ada")] {
        assert!(!page.contains(word), "{word}");
    }
}

#[tokio::test]
async fn it_does_not_stand_in_for_the_api() {
    let stage = Stage::with(|_| {}).await;
    let worker = stage.make(1, &[]).await;
    for path in ["/api", "/api/", "/api/session", "/api/nothing", "/metrics", "/nothing", &of(worker, "")] {
        assert_eq!(stage.raw("GET", path, &[], None).await.told(), (401, "unauthenticated".to_owned()), "{path}");
    }
    for path in PAGES {
        for method in ["POST", "PUT", "DELETE"] {
            assert_eq!(stage.raw(method, path, &[], None).await.told(), (401, "unauthenticated".to_owned()));
        }
    }
    for path in ["/nothing", "/api/nothing", "/assets/nothing.js", "/index.html", "/.gitignore", "/workers"] {
        assert_eq!(stage.ask("ada", "GET", path, None).await.told(), (404, "not_found".to_owned()), "{path}");
    }
    for path in PAGES {
        assert_eq!(stage.ask("ada", "PUT", path, None).await.told().0, 404, "{path}");
    }
}
