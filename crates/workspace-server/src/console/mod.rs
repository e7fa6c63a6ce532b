//! The console in the browser.
//!
//! Owns its files, which `scripts/build-web` makes and this crate carries, and the paths and headers
//! under which they are served. Says nothing of a workspace, so that whoever can connect may have it;
//! must not answer for a path of the API, nor load anything from elsewhere.

mod encoding;
mod headers;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use include_dir::{Dir, include_dir};
use protocol::Code;
use sha2::{Digest, Sha256};
use yoi_edge::Refused;

/// What `scripts/build-web` has made; nothing but a `.gitignore` where it never ran.
static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../web/dist");

/// The page, which is the same under every path of it.
const PAGE: &str = "index.html";
/// What is served in its place where it was not built.
const NOT_BUILT: &str = include_str!("not-built.html");

/// One file.
struct File {
    bytes: &'static [u8],
    /// Names its content.
    tag: String,
}

fn file(name: &str) -> Option<File> {
    let bytes = FILES.get_file(name)?.contents();
    let hash = Sha256::digest(bytes);
    let tag = hash.iter().take(12).fold(String::from("\""), |tag, byte| format!("{tag}{byte:02x}"));
    Some(File { bytes, tag: tag + "\"" })
}

/// Whether the console answers to this path: one of its pages, or a file of it.
pub(crate) fn serves(path: &str) -> bool {
    is_page(path) || asset(path).is_some_and(|name| FILES.get_file(name).is_some())
}

/// Whether the page is asked for: the overview, plugins, settings, the tickets or one of them, or a worker.
fn is_page(path: &str) -> bool {
    let mut segments = path.strip_prefix('/').unwrap_or("?").split('/');
    match (segments.next(), segments.next(), segments.next(), segments.next()) {
        (Some("" | "plugins" | "settings" | "tickets"), None, None, None) => true,
        (Some("tickets"), Some(ticket), None, None) => !ticket.is_empty(),
        (Some("workers"), Some(runtime), Some(worker), None) => !runtime.is_empty() && !worker.is_empty(),
        _ => false,
    }
}

/// The name of the file that a path means. What was compressed beforehand has no path of its own, nor has what
/// is no file of the console's.
fn asset(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/')?;
    (name != PAGE && !name.starts_with('.') && !encoding::is_variant(name)).then_some(name)
}

/// Answers where no route of the API does.
pub(crate) async fn fallback(request: Request<Body>) -> Response {
    let path = request.uri().path();
    if !matches!(*request.method(), Method::GET | Method::HEAD) || !serves(path) {
        return Refused::new(Code::NotFound, "there is nothing at this path").into_response();
    }
    let name = if is_page(path) { PAGE } else { asset(path).unwrap_or(PAGE) };
    answer(name, request.headers(), file)
}

/// A file as an answer: compressed as the client takes it, or nothing where it has it already.
fn answer(name: &str, asked: &HeaderMap, file: impl Fn(&str) -> Option<File>) -> Response {
    let Some(plain) = file(name) else {
        let body = (StatusCode::OK, [(CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response();
        return headers::with(PAGE, body);
    };
    let (encoding, found) = encoding::accepted(asked)
        .find_map(|encoding| Some((Some(encoding), file(&encoding.variant(name))?)))
        .unwrap_or((None, plain));
    let has_it = asked.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let mut response = if has_it.is_some_and(|tags| tags.split(',').any(|tag| tag.trim() == found.tag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(found.bytes));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(headers::content_type(name)));
        if let Some(encoding) = encoding {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
        }
        response
    };
    response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&found.tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    headers::with(name, response)
}

#[cfg(test)]
mod tests;
