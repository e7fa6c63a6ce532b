//! Saying who one is: by token, and by the cookie of a sign-in.

use super::stage::{Stage, everybody, principal, read, token};
use protocol::Role;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use worker_runtime::{Clock, ManualClock};
use yoi_access::{Principals, SessionKey, Sessions};
use yoi_edge::{Peer, Transport};
use yoi_workspace_server::Cookies;

#[tokio::test]
async fn a_token_is_shown_once_and_right_or_not_at_all() {
    let stage = Stage::with(|_| {}).await;
    let right = format!("Bearer {}", token("vera"));
    let session = stage.raw("GET", "/api/session", &[("authorization", &right)], None).await.good(200);
    assert_eq!((&session["principal"], &session["role"]), (&json!("vera"), &json!("viewer")));
    assert_eq!(session["authentication"], "token");
    let lower = format!("bearer {}", token("ada"));
    let session = stage.raw("GET", "/api/session", &[("Authorization", &lower)], None).await.good(200);
    assert_eq!(session["principal"], "ada");
    let (cookie, _) = stage.sign_in("ada").await;
    let wrong = [
        vec![],
        vec![("authorization", "Bearer wrong")],
        vec![("authorization", "Bearer ")],
        vec![("authorization", "Bearer")],
        vec![("authorization", "Basic dmVyYTp4")],
        vec![("authorization", token("vera").leak() as &str)],
        vec![("authorization", &*right), ("authorization", &*right)],
        vec![("authorization", &*right), ("authorization", "Bearer wrong")],
        // what is shown counts: a good cookie beside it does not
        vec![("authorization", "Bearer wrong"), ("cookie", &*cookie)],
        vec![("authorization", "Basic dmVyYTp4"), ("cookie", &*cookie)],
        // a token has one place; a query is written down everywhere
        vec![("x-yoi-token", token("vera").leak() as &str)],
    ];
    for headers in wrong {
        for path in ["/api/session", "/api/workers", "/api/events", "/metrics", "/api/nowhere", "/api/openapi.json"] {
            let reply = stage.raw("GET", path, &headers, None).await;
            assert_eq!(reply.told(), (401, "unauthenticated".to_owned()), "{path} {headers:?}");
            assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
            assert_eq!(reply.json()["action"], "sign_in");
            assert!(!reply.body.contains("wrong"), "{reply:?}");
        }
    }
    let query = format!("/api/session?token={0}&access_token={0}", token("vera"));
    assert_eq!(stage.raw("GET", &query, &[], None).await.status, 401);
    for path in ["/healthz", "/readyz"] {
        assert!(stage.raw("GET", path, &[], None).await.status < 300, "{path} is for everybody");
    }
}

#[tokio::test]
async fn a_sign_in_is_a_cookie_that_scripts_and_other_sites_do_not_have() {
    let stage = Stage::with(|_| {}).await;
    let (cookie, attributes) = stage.sign_in("otto").await;
    assert_eq!(attributes, ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=3600"]);
    let (name, value) = cookie.split_once('=').unwrap();
    assert!(name == "yoi_session" && !value.contains(&token("otto")) && !value.contains("otto"));
    let session = stage.raw("GET", "/api/session", &[("cookie", &cookie)], None).await.good(200);
    assert_eq!((&session["principal"], &session["authentication"]), (&json!("otto"), &json!("cookie")));
    assert!(session["expires_at"].is_string());
    for wrong in [json!({"token": "wrong"}), json!({"token": ""}), json!({"token": format!("{} ", token("otto"))})] {
        let reply = stage.raw("POST", "/api/session", &[], Some(wrong)).await;
        assert_eq!((reply.told(), reply.header("set-cookie")), ((401, "unauthenticated".to_owned()), None));
    }
    let out = stage.raw("DELETE", "/api/session", &[("cookie", &cookie)], None).await;
    assert_eq!(out.status, 204);
    let cleared = "yoi_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0";
    assert_eq!(out.header("set-cookie"), Some(cleared));
    // what a browser sends after that, and what one sends that keeps two
    for none in ["yoi_session=", "yoi_session", &format!("{cookie}; {cookie}"), &format!("YOI_SESSION={value}")] {
        assert_eq!(stage.raw("GET", "/api/session", &[("cookie", none)], None).await.status, 401, "{none}");
    }
}

/// Over TLS, by a proxy's word or by its own ear, the cookie is for TLS alone.
#[tokio::test]
async fn over_tls_the_cookie_stays_there() {
    let behind_proxy = Stage::with(|parts| parts.cookies = Cookies::Secure).await;
    let (cookie, attributes) = behind_proxy.sign_in("vera").await;
    assert_eq!(attributes.last().unwrap(), "Secure");
    let out = behind_proxy.raw("DELETE", "/api/session", &[("cookie", &cookie)], None).await;
    assert!(out.header("set-cookie").unwrap().ends_with("; Secure"), "{out:?}");

    let plain = Stage::with(|_| {}).await;
    let body = json!({"token": token("vera")}).to_string();
    for (transport, secure) in [(Transport::Plain, false), (Transport::Tls, true)] {
        let (mut ours, theirs) = tokio::io::duplex(1 << 16);
        let service = plain.backend.service().clone();
        tokio::spawn(async move { service.serve_connection(theirs, Peer { address: None, transport }).await });
        let request = format!(
            "POST /api/session HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        ours.write_all(request.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        ours.read_to_end(&mut all).await.unwrap();
        assert_eq!(read(&all).header("set-cookie").unwrap().ends_with("; Secure"), secure, "{transport:?}");
    }
}

#[tokio::test]
async fn an_altered_cookie_is_none() {
    let stage = Stage::with(|_| {}).await;
    let (cookie, _) = stage.sign_in("vera").await;
    let (name, value) = cookie.split_once('=').unwrap();
    let status = async |value: &str| {
        stage.raw("GET", "/api/session", &[("cookie", &format!("{name}={value}"))], None).await.status
    };
    assert_eq!(status(value).await, 200);
    let other = |c: char| if c == 'A' { 'B' } else { 'A' };
    for at in 0..value.len() {
        let altered: String = value.char_indices().map(|(n, c)| if n == at { other(c) } else { c }).collect();
        assert_eq!(status(&altered).await, 401, "at {at}");
    }
    for altered in [&value[1..], &value[..value.len() - 1], &format!("{value}A"), &format!("\"{value}\""), "%41"] {
        assert_eq!(status(altered).await, 401, "{altered}");
    }
    // made elsewhere, by whoever knows everything but the secret
    let others = Sessions::new(SessionKey::derive(&[8; 32]), Vec::new(), Duration::from_secs(3600));
    let now = worker_runtime::SystemClock.now();
    let all = everybody();
    let (forged, _) = others.seal(all.by_name(&"ada".parse().unwrap()).unwrap(), now);
    assert_eq!(status(&forged).await, 401);
}

#[tokio::test]
async fn a_cookie_ends_with_its_time_with_its_token_and_with_its_principal() {
    let clock = Arc::new(ManualClock::new(worker_runtime::SystemClock.now()));
    let given = Arc::clone(&clock);
    let stage = Stage::with(|parts| parts.clock = given).await;
    let status = async |cookie: &str| stage.raw("GET", "/api/session", &[("cookie", cookie)], None).await.status;
    let (cookie, _) = stage.sign_in("vera").await;
    clock.advance(Duration::from_secs(3599));
    assert_eq!(status(&cookie).await, 200);
    clock.advance(Duration::from_secs(1));
    assert_eq!(status(&cookie).await, 401);

    let (vera, otto) = (stage.sign_in("vera").await.0, stage.sign_in("otto").await.0);
    let (new, same) = (principal("vera", &Role::Viewer, &[], "another token"), token("otto"));
    let now = [new.clone(), principal("otto", &Role::Admin, &[], &same)];
    stage.backend.directory().replace(Principals::new(now).unwrap());
    assert_eq!(status(&vera).await, 401, "another token");
    let session = stage.raw("GET", "/api/session", &[("cookie", &otto)], None).await.good(200);
    assert_eq!(session["role"], "admin", "the role is not in the cookie");
    stage.backend.directory().replace(Principals::new([new]).unwrap());
    assert_eq!(status(&otto).await, 401, "removed");
    // one of the same name who comes later is somebody else
    let again = principal("otto", &Role::Admin, &[], "yet another");
    stage.backend.directory().replace(Principals::new([again]).unwrap());
    assert_eq!(status(&otto).await, 401);
}
