//! What a server starts without, and what not.

use super::process::{Home, principal};
use serde_json::json;

#[tokio::test]
async fn on_loopback_without_principals_it_is_open_and_says_so() {
    let home = Home::new("");
    let process = home.serve();
    process.says(0, "there are no [[principals]]: whoever is on this machine may do everything").await;
    let session = process.ask("", "GET", "/api/session", None).await.good(200);
    assert_eq!((&session["authentication"], &session["role"]), (&json!("open"), &json!("admin")));
    process.ask("", "POST", "/api/runtimes/local/workers", Some(json!({"profile": "echo"}))).await.good(201);
    let elsewhere = [("host", "evil.example"), ("origin", "http://evil.example")];
    let refused = super::stage::ask(process.address, "GET", "/api/workers", &elsewhere, None).await;
    assert_eq!(refused.status, 403);

    let closed = Home::new(&principal("ada", "admin", "token-of-ada", ""));
    let process = closed.serve();
    process.ask("token-of-ada", "GET", "/api/session", None).await.good(200);
    assert_eq!(process.ask("", "GET", "/api/session", None).await.status, 401);
    assert!(!process.said().contains("may do everything"), "{}", process.said());
}

#[test]
fn off_loopback_it_refuses_to_be_open_and_to_be_overheard() {
    let ann = principal("ann", "admin", "token-of-ann", "");
    let tls = "tls.cert";
    let nobody = "there must be [[principals]]";
    for (config, flags, expected, unexpected) in [
        (String::new(), &["--listen", "0.0.0.0:0"][..], vec![nobody, tls], vec![]),
        (ann.clone(), &["--listen", "0.0.0.0:0"], vec![tls, "proxy_tls"], vec![nobody]),
        (ann.clone(), &["--listen", "[::]:0"], vec![tls], vec![nobody]),
        (String::new(), &["--listen", "0.0.0.0:0", "--proxy-tls"], vec![nobody], vec![tls]),
        // the proxy is reached by others, wherever this server listens
        (String::new(), &["--listen", "127.0.0.1:0", "--proxy-tls"], vec![nobody], vec![tls]),
        (ann.replace("sha256:", "sha257:"), &["--listen", "127.0.0.1:0"], vec!["token_hash"], vec![]),
        (format!("{ann}{ann}"), &["--listen", "127.0.0.1:0"], vec!["two principals are called ann"], vec![]),
    ] {
        let (status, words) = Home::new(&config).refused(flags);
        assert_eq!(status, Some(2), "{flags:?}: {words}");
        for word in expected {
            assert!(words.contains(word), "{flags:?}: {word:?} is not said: {words}");
        }
        for word in unexpected {
            assert!(!words.contains(word), "{flags:?}: {word:?} is said: {words}");
        }
    }
}

#[tokio::test]
async fn off_loopback_it_serves_where_a_proxy_ends_tls() {
    let home = Home::new(&format!("proxy_tls = true\n{}", principal("ann", "admin", "token-of-ann", "")));
    let process = super::process::start(&mut home.command(&["--listen", "0.0.0.0:0"]));
    let address = (std::net::Ipv4Addr::LOCALHOST, process.address.port()).into();
    let body = json!({"token": "token-of-ann"});
    let reply = super::stage::ask(address, "POST", "/api/session", &[], Some(body)).await;
    assert!(reply.header("set-cookie").unwrap().ends_with("; Secure"), "{reply:?}");
    // it is asked under any name: the proxy's
    let named = [("host", "yoi.example"), ("authorization", "Bearer token-of-ann")];
    super::stage::ask(address, "GET", "/api/session", &named, None).await.good(200);
}
