//! What is served of the console, whether or not it was built.

use super::*;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};

/// A console of three files.
fn built(name: &str) -> Option<File> {
    let text = match name {
        "index.html" => "<!doctype html>",
        "assets/a-1.js" => "script",
        "assets/a-1.js.br" => "br",
        _ => return None,
    };
    Some(File { bytes: text.as_bytes(), tag: format!("\"{name}\"") })
}

fn asking(header: http::HeaderName, value: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(header, HeaderValue::from_static(value))])
}

async fn body(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn pages_have_their_paths_and_the_api_keeps_its_own() {
    let worker = "/workers/local/w_01m7ytqn6yfr586nwsj7dpehkj";
    for page in ["/", "/settings", "/tickets", "/tickets/00001KVZKSTJT", worker] {
        assert!(is_page(page) && serves(page), "{page}");
    }
    for other in [
        "/api",
        "/api/session",
        "/api/runtimes/local/workers/w_01m7ytqn6yfr586nwsj7dpehkj",
        "/metrics",
        "/api/tickets",
        "/settings/",
        "/tickets/",
        "/tickets/a/b",
        "/workers",
        "/workers/local",
        "/workers//x",
        "/workers/a/b/c",
        "/index.html",
        "/index.html.br",
        "/.gitignore",
        "/assets",
        "/assets/../index.html",
        "/..",
    ] {
        assert!(!serves(other), "{other}");
    }
}

#[tokio::test]
async fn a_page_may_run_its_own_files_and_is_asked_for_anew_each_time() {
    let response = answer(PAGE, &HeaderMap::new(), built);
    let header = |name: http::HeaderName| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(CONTENT_TYPE), "text/html; charset=utf-8");
    assert_eq!(header(CACHE_CONTROL), "no-cache");
    assert_eq!(header(X_CONTENT_TYPE_OPTIONS), "nosniff");
    let policy = header(CONTENT_SECURITY_POLICY);
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    for loose in ["unsafe", "nonce", "sha256", "*", "http", "blob"] {
        assert!(!policy.contains(loose), "{policy} is too loose: {loose}");
    }
    let again = answer(PAGE, &asking(IF_NONE_MATCH, "\"x\", \"index.html\""), built);
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(again.headers().get(CONTENT_SECURITY_POLICY), response.headers().get(CONTENT_SECURITY_POLICY));
    assert_eq!(body(again).await, "");
}

#[tokio::test]
async fn a_file_comes_compressed_to_whoever_takes_that_and_stays_for_good() {
    let plain = answer("assets/a-1.js", &HeaderMap::new(), built);
    assert_eq!(plain.headers().get(CONTENT_ENCODING), None);
    assert_eq!(plain.headers().get(VARY).unwrap(), "accept-encoding");
    assert_eq!(plain.headers().get(CACHE_CONTROL).unwrap(), "public, max-age=31536000, immutable");
    assert_eq!(body(plain).await, "script");
    let packed = answer("assets/a-1.js", &asking(ACCEPT_ENCODING, "gzip, br"), built);
    assert_eq!(packed.headers().get(CONTENT_ENCODING).unwrap(), "br");
    assert_eq!(packed.headers().get(CONTENT_TYPE).unwrap(), "text/javascript; charset=utf-8");
    assert_eq!(body(packed).await, "br");
    // what was not compressed beforehand comes as it is
    let page = answer(PAGE, &asking(ACCEPT_ENCODING, "br"), built);
    assert_eq!(page.headers().get(CONTENT_ENCODING), None);
}

#[tokio::test]
async fn one_that_was_not_built_says_how_to_build_it() {
    let response = answer(PAGE, &HeaderMap::new(), |_| None);
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().contains_key(CONTENT_SECURITY_POLICY));
    let page = body(response).await;
    assert!(page.contains("scripts/build-web"), "{page}");
}
