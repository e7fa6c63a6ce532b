//! Web pages of others.

use super::stage::{Stage, of, send, token, workers};
use serde_json::json;
use std::sync::Arc;
use yoi_access::{Directory, Principals};
use yoi_edge::Hosts;
use yoi_workspace_server::Cookies;

/// Every request that changes something, and every WebSocket.
fn guarded(worker: protocol::WorkerId) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("POST", "/api/session".to_owned()),
        ("DELETE", "/api/session".to_owned()),
        ("POST", workers()),
        ("DELETE", of(worker, "")),
        ("GET", of(worker, "/events/ws")),
        ("GET", "/api/events/ws".to_owned()),
    ];
    all.extend(
        ["input", "cancel", "stop", "resume", "approvals/a"].map(|what| ("POST", of(worker, &format!("/{what}")))),
    );
    all
}

const REFUSED: &str = "origin_not_allowed";

#[tokio::test]
async fn a_page_of_another_origin_changes_nothing_and_watches_nothing() {
    let stage = Stage::with(|_| {}).await;
    let worker = stage.make(1, &[]).await;
    let (cookie, _) = stage.sign_in("ada").await;
    let bearer = format!("Bearer {}", token("ada"));
    let own = stage.address.to_string();
    let foreign = [
        "http://evil.example".to_owned(),
        "https://evil.example".to_owned(),
        "null".to_owned(),
        format!("http://{own}.evil.example"),
        format!("http://{own}@evil.example"),
        format!("http://127.0.0.1:{}", stage.address.port() ^ 1),
        format!("http://{own}, http://evil.example"),
        format!("ftp://{own}"),
        own.clone(),
        String::new(),
    ];
    for origin in &foreign {
        for (method, path) in guarded(worker) {
            // a good credential does not help, whichever
            for shown in [("cookie", &*cookie), ("authorization", &*bearer)] {
                let reply = stage.raw(method, &path, &[("origin", origin), shown], None).await;
                assert_eq!(reply.told(), (403, REFUSED.to_owned()), "{method} {path} {origin}");
            }
            let twice = [("origin", &*format!("http://{own}")), ("origin", origin), ("cookie", &*cookie)];
            assert_eq!(stage.raw(method, &path, &twice, None).await.told().1, REFUSED);
        }
    }
    stage.ask("ada", "GET", &of(worker, ""), None).await.good(200);
    let same = format!("http://{own}");
    for (method, path) in guarded(worker) {
        let reply = stage.raw(method, &path, &[("origin", &same), ("cookie", &cookie)], None).await;
        let code = if reply.body.is_empty() { String::new() } else { reply.told().1 };
        assert!(code != REFUSED && code != "unauthenticated", "{method} {path}: {reply:?}");
    }
}

#[tokio::test]
async fn looking_is_not_refused_and_not_shown_to_the_page() {
    let stage = Stage::with(|_| {}).await;
    let (cookie, _) = stage.sign_in("ada").await;
    let reply = stage.raw("GET", "/api/session", &[("origin", "http://evil.example"), ("cookie", &cookie)], None).await;
    reply.good(200);
    // without this header a browser keeps the answer from the page
    assert_eq!(reply.header("access-control-allow-origin"), None);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn origins_that_are_listed_may_ask() {
    let listed = vec!["https://app.example".to_owned(), "http://localhost:3000".to_owned()];
    let stage = Stage::with(|parts| parts.origins = listed).await;
    let bearer = format!("Bearer {}", token("ada"));
    let asked = async |origin: &str| {
        let body = json!({"profile": "actor"});
        stage.raw("POST", &workers(), &[("origin", origin), ("authorization", &bearer)], Some(body)).await.status
    };
    for origin in ["https://app.example", "https://APP.example", "http://localhost:3000"] {
        assert_eq!(asked(origin).await, 201, "{origin}");
    }
    for origin in ["http://app.example", "https://app.example:8443", "https://a.app.example", "http://localhost"] {
        assert_eq!(asked(origin).await, 403, "{origin}");
    }
    stage.backend.set_origins(Vec::new());
    assert_eq!(asked("https://app.example").await, 403);
}

/// The proxy speaks TLS, and a page that came without is not this server's.
#[tokio::test]
async fn behind_a_proxy_that_ends_tls_own_pages_came_over_tls() {
    let stage = Stage::with(|parts| parts.cookies = Cookies::Secure).await;
    let bearer = format!("Bearer {}", token("ada"));
    for (origin, status) in [("https://yoi.example", 201), ("http://yoi.example", 403)] {
        let headers = [("host", "yoi.example"), ("origin", origin), ("authorization", &*bearer)];
        assert_eq!(stage.raw("POST", &workers(), &headers, Some(json!({}))).await.status, status, "{origin}");
    }
}

/// A form needs no leave of the server it is sent to; the browser says where it comes from, and the
/// body is not JSON.
#[tokio::test]
async fn a_form_changes_nothing() {
    let stage = Stage::with(|_| {}).await;
    let worker = stage.make(1, &[]).await;
    let (cookie, _) = stage.sign_in("ada").await;
    let body = || Some(json!({"content": [{"type": "text", "text": "text:gotcha"}], "x": "="}));
    for form in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        // an old browser that says nothing of the origin
        for path in [of(worker, "/input"), workers(), "/api/session".to_owned()] {
            let headers = [("content-type", form), ("cookie", &*cookie)];
            assert_eq!(stage.raw("POST", &path, &headers, body()).await.told().0, 400, "{form} {path}");
        }
        // and those that need no body
        for path in ["/cancel", "/stop", "/resume"] {
            let headers = [("content-type", form), ("cookie", &*cookie), ("origin", "http://evil.example")];
            assert_eq!(stage.raw("POST", &of(worker, path), &headers, body()).await.told().1, REFUSED);
        }
    }
    for types in
        [vec![("content-type", "text/plain"), ("content-type", "application/json")], vec![("content-type", "")]]
    {
        let headers = [&types[..], &[("cookie", &*cookie)]].concat();
        assert_eq!(stage.raw("POST", &of(worker, "/input"), &headers, body()).await.status, 400);
    }
    assert_eq!(stage.ask("ada", "GET", &of(worker, ""), None).await.good(200)["status"], "idle");
    // a browser that tells from where, but not of which page
    for path in ["/cancel", "/stop"] {
        let headers = [("cookie", &*cookie), ("sec-fetch-site", "cross-site")];
        assert_eq!(stage.raw("POST", &of(worker, path), &headers, None).await.told().1, REFUSED);
        let headers = [("cookie", &*cookie), ("sec-fetch-site", "same-origin")];
        stage.raw("POST", &of(worker, path), &headers, None).await.good(200);
    }
}

/// A name that an attacker's DNS has point to this machine.
#[tokio::test]
async fn an_open_server_answers_to_names_of_its_own_machine_only() {
    let stage = Stage::with(|parts| {
        parts.directory = Arc::new(Directory::new(Principals::default()));
        parts.edge.hosts = Hosts::Own { besides: Vec::new(), refusal: "not under this name".to_owned() };
    })
    .await;
    let port = stage.address.port();
    let session = stage.raw("GET", "/api/session", &[], None).await.good(200);
    assert_eq!((&session["authentication"], &session["role"]), (&json!("open"), &json!("admin")));
    for own in [format!("localhost:{port}"), "127.0.0.1".to_owned(), format!("[::1]:{port}")] {
        stage.raw("GET", "/api/workers", &[("host", &own)], None).await.good(200);
    }
    for other in
        [format!("evil.example:{port}"), "localhost.evil.example".to_owned(), "0.0.0.0".to_owned(), String::new()]
    {
        for (method, path) in [("GET", "/api/workers"), ("POST", "/api/session"), ("GET", "/api/events/ws")] {
            // the page's origin is then that name, and the same as what it asks
            let origin = format!("http://{other}");
            let reply = stage.raw(method, path, &[("host", &other), ("origin", &origin)], None).await;
            assert_eq!(reply.status, 403, "{other} {path}");
        }
    }
    let twice = b"GET /api/workers HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    let absolute = b"GET http://evil.example/api/workers HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    for (request, status) in [(&twice[..], " 400 "), (&absolute[..], " 403 ")] {
        let answer = String::from_utf8(send(stage.address, request).await).unwrap();
        assert!(answer.lines().next().unwrap().contains(status), "{answer}");
    }
    let page = format!("http://localhost:{port}");
    for (origin, status) in [(&*page, 201), ("http://localhost:1", 403), ("http://evil.example", 403), ("null", 403)] {
        let host = format!("localhost:{port}");
        let headers = [("host", &*host), ("origin", origin)];
        assert_eq!(stage.raw("POST", &workers(), &headers, Some(json!({}))).await.status, status, "{origin}");
    }
    // where nobody has to show anything, whatever is shown is taken
    stage.raw("GET", "/api/session", &[("authorization", "Bearer whatever")], None).await.good(200);
    let in_vain = stage.raw("POST", "/api/session", &[], Some(json!({"token": "whatever"}))).await;
    assert_eq!((in_vain.status, in_vain.header("set-cookie")), (200, None));
}
