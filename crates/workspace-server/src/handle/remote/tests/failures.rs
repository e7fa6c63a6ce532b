//! Each kind of failure has its own code, and tells no client where the runtime is.

use super::script::{Reply, Script, answer, json, problem};
use super::{PATH, TOKEN, assert_discreet, id, remote, spec, worker};
use crate::handle::remote::Remote;
use crate::handle::{HandleError, RuntimeHandle, WorkerQuery, testing};
use protocol::api::{CreateWorker, WorkerDetail, WorkerList};
use protocol::{Code, Problem, Retry, WorkerId};
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpListener;

/// What asking for a worker's detail comes to where a runtime answers so.
async fn asking(reply: Reply) -> HandleError {
    let script = Script::itself_and(reply).await;
    let error = remote(script.address).worker(worker()).await.unwrap_err();
    assert_discreet(&error, script.address);
    error
}

fn good() -> Vec<u8> {
    serde_json::to_vec(&testing::detail(worker())).unwrap()
}

#[tokio::test]
async fn a_connection_that_is_refused_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = remote(address).worker(worker()).await.unwrap_err();
    assert_discreet(&error, address);
    assert_eq!((error.code(), error.retry()), (Code::RuntimeUnavailable, Retry::Yes));
    assert!(
        error.for_operator().contains(&address.to_string()),
        "the operator is told where: {}",
        error.for_operator()
    );
    assert!(error.to_string().contains("`box`"));
    // a name that is none
    let nowhere = Remote::new(&super::RemoteSpec::new(id(), "http://nowhere.invalid:7071")).unwrap();
    let error = nowhere.info().await.unwrap_err();
    assert_eq!(error.code(), Code::RuntimeUnavailable);
    assert!(!error.to_problem().detail.contains("nowhere"));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_disconnected() {
    let Reply::Bytes(whole) = answer("200 OK", "application/json", &good()) else { unreachable!() };
    assert_eq!(asking(Reply::Torn(whole)).await.code(), Code::UpstreamDisconnected);
    assert_eq!(asking(Reply::Bytes(Vec::new())).await.code(), Code::UpstreamDisconnected);
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let script = Script::itself_and(Reply::Silence).await;
    let mut spec = spec(script.address);
    spec.timeouts.request = Duration::from_millis(300);
    let error = Remote::new(&spec).unwrap().worker(worker()).await.unwrap_err();
    assert_discreet(&error, script.address);
    assert_eq!((error.code(), error.to_problem().status), (Code::RuntimeTimeout, 504));
}

#[tokio::test]
async fn an_answer_that_is_none_is_a_protocol_error() {
    let other = testing::detail(WorkerId::from_parts(9, 9));
    let cursor = WorkerDetail { cursor: Some("not a cursor".into()), ..testing::detail(worker()) };
    let mut misspelt: serde_json::Value = serde_json::from_slice(&good()).unwrap();
    misspelt["worker_id"] = "W_1".into();
    for reply in [
        answer("200 OK", "application/json", b"\x00\xff garbage"),
        answer("200 OK", "text/html", b"<html>hello</html>"),
        answer("200 OK", "application/json", b""),
        json("200 OK", &json!({ "worker_id": worker() })),
        json("200 OK", &json!([])),
        json("200 OK", &misspelt),
        json("200 OK", &other),
        json("200 OK", &cursor),
        Reply::Bytes(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()),
        answer("302 Found", "text/html", b""),
        answer("418 I'm a teapot", "text/html", b""),
        answer("500 Internal Server Error", "text/plain", b"panicked at 127.0.0.1"),
        answer("404 Not Found", "text/html", b"<html>nginx</html>"),
        answer("200 OK", "application/json", &vec![b' '; 1 << 17]),
        problem(&Problem::new(Code::RuntimeNotFound, "there is no such runtime")),
        problem(&Problem::new(Code::from("Not A Code"), "x")),
    ] {
        let shown = format!("{reply:?}");
        let error = asking(reply).await;
        assert_eq!((error.code(), error.to_problem().status), (Code::RuntimeProtocolError, 502), "{error:?} {shown}");
    }
}

#[tokio::test]
async fn a_refused_credential_is_the_backend_s() {
    for reply in [
        problem(&Problem::new(Code::Unauthenticated, "this runtime asks for a token")),
        problem(&Problem::new(Code::Forbidden, "without a token this runtime answers to localhost only")),
        answer("401 Unauthorized", "text/html", b"<html>"),
        answer("403 Forbidden", "text/plain", b""),
    ] {
        let error = asking(reply).await;
        assert_eq!((error.code(), error.to_problem().status), (Code::RuntimeAuthFailed, 502), "{error:?}");
    }
}

#[tokio::test]
async fn a_proxy_s_words_are_those_of_one_that_is_away() {
    for status in ["502 Bad Gateway", "503 Service Unavailable"] {
        assert_eq!(asking(answer(status, "text/html", b"<html>")).await.code(), Code::RuntimeUnavailable);
    }
    assert_eq!(asking(answer("504 Gateway Timeout", "text/html", b"")).await.code(), Code::RuntimeTimeout);
}

#[tokio::test]
async fn a_runtime_s_own_refusals_pass() {
    for code in [
        Code::WorkerNotFound,
        Code::WorkerBusy,
        Code::WorkerStopped,
        Code::InvalidInput,
        Code::PayloadTooLarge,
        Code::StoreUnavailable,
        Code::Internal,
        Code::from("of_tomorrow"),
    ] {
        let told = Problem::new(code.clone(), "in words of its own");
        assert_eq!(asking(problem(&told)).await.to_problem(), told, "{code}");
    }
}

#[tokio::test]
async fn words_that_tell_where_a_runtime_is_are_replaced() {
    // the script's address is known once it runs
    let script = Script::start(|asked, _| match asked {
        "GET /runtime" => super::script::itself(),
        asked => {
            let words = match asked.as_bytes()[asked.len() - 1] % 4 {
                0 => format!("listening on http://127.0.0.1/{TOKEN}"),
                1 => "dial tcp LOCALHOST, 127.0.0.1".to_owned(),
                2 => format!("no such file: {PATH}/v1/workers"),
                _ => format!("token {TOKEN} is not mine"),
            };
            problem(&Problem::new(Code::WorkerBusy, words.replace("LOCALHOST, ", "")))
        }
    })
    .await;
    let remote = remote(script.address);
    for n in 0..8 {
        let error = remote.worker(WorkerId::from_parts(1, n)).await.unwrap_err();
        assert_discreet(&error, script.address);
        assert_eq!(error.to_problem().detail, Code::WorkerBusy.info().title);
    }
}

#[tokio::test]
async fn another_runtime_in_its_place_is_never_asked_for_anything() {
    let who = std::sync::Arc::new(parking_lot::Mutex::new("other"));
    let told = std::sync::Arc::clone(&who);
    let script = Script::start(move |asked, _| match asked {
        "GET /runtime" => json("200 OK", &testing::info(&told.lock().parse().unwrap())),
        _ => json("200 OK", &testing::detail(worker())),
    })
    .await;
    let remote = remote(script.address);
    let answers = [
        remote.worker(worker()).await.err(),
        remote.cancel(worker()).await.err(),
        remote.delete(worker()).await.err(),
        remote.create(CreateWorker::default()).await.err(),
        remote.subscribe(worker(), None).await.err(),
        remote.info().await.err(),
    ];
    for error in answers {
        let error = error.unwrap();
        assert_discreet(&error, script.address);
        assert_eq!(error.code(), Code::RuntimeProtocolError);
        let told = error.to_problem().detail;
        assert!(told.contains("`box`") && told.contains("`other`"), "{told}");
    }
    assert_eq!((script.asked(), script.identified()), (Vec::new(), 2), "once before the first, and the probe");
    *who.lock() = "box";
    assert!(remote.worker(worker()).await.is_err(), "until a probe sees the right one");
    remote.info().await.unwrap();
    assert!(remote.worker(worker()).await.is_ok());
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn whoever_was_away_says_anew_who_it_is() {
    let script = Script::start(|asked, before| match (asked, before) {
        ("GET /runtime", 0) => super::script::itself(),
        ("GET /runtime", _) => json("200 OK", &testing::info(&"other".parse().unwrap())),
        _ => Reply::Torn(b"HTTP/1.1 200 OK".to_vec()),
    })
    .await;
    let remote = remote(script.address);
    remote.info().await.unwrap();
    let error = remote.worker(worker()).await.unwrap_err();
    assert!(matches!(&error, HandleError::OtherRuntime { claimed, .. } if claimed.as_str() == "other"), "{error:?}");
    assert_eq!(script.asked().len(), 1, "what came in its place is not asked");
}

#[tokio::test]
async fn lists_and_descriptions_are_held_to_their_form() {
    let row = |n| testing::detail(WorkerId::from_parts(n, 0));
    let list = |workers| json("200 OK", &WorkerList { workers, next_page: None, diagnostics: Vec::new() });
    let script = Script::itself_and(list(vec![row(2), row(1)])).await;
    let error = remote(script.address).workers(&WorkerQuery::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::RuntimeProtocolError);
    let script = Script::itself_and(list(vec![row(1), row(2)])).await;
    let found = remote(script.address).workers(&WorkerQuery::default()).await.unwrap();
    assert!(found.workers.iter().all(|row| row.runtime_id == Some(id())));
    let mut info = testing::info(&id());
    info.capabilities.push(format!("http://{}", script.address));
    let script = Script::start(move |_, _| json("200 OK", &info)).await;
    let error = remote(script.address).info().await.unwrap_err();
    assert_eq!(error.code(), Code::RuntimeProtocolError);
    assert_discreet(&error, script.address);
}

#[tokio::test]
async fn an_approval_that_is_no_segment_of_a_path_is_none() {
    let script = Script::itself_and(json("200 OK", &testing::detail(worker()))).await;
    let remote = remote(script.address);
    for none in ["", ".", ".."] {
        let error = remote.approve(worker(), none, Default::default()).await.unwrap_err();
        assert_eq!(error.code(), Code::ApprovalNotFound);
    }
    assert!(script.asked().is_empty());
    remote.approve(worker(), "a/../b", Default::default()).await.unwrap();
    assert_eq!(script.asked(), [format!("POST /workers/{}/approvals/a%2F..%2Fb", worker())]);
}
