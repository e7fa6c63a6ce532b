//! Who asks.
//!
//! Owns finding that out, before any route: by a bearer token, by the cookie of a sign-in, by a
//! token among a WebSocket's subprotocols, or by nothing where nobody has to show anything; and
//! refusing web pages of other origins whatever could do something. Must not decide what anybody
//! may do.

use crate::backend::{Cookies, Shared};
use crate::console;
use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{COOKIE, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Uri};
use protocol::Code;
use std::sync::Arc;
use yoi_access::{Credential, Principal};
use yoi_edge::{HEALTH_PATHS, Origin, Peer, Refused, Transport, bearer, ws};

/// The cookie of a sign-in.
pub(super) const COOKIE_NAME: &str = "yoi_session";
/// The subprotocol that is spoken.
pub(super) const SUBPROTOCOL: &str = "yoi.v1";
/// What a subprotocol that carries a token begins with.
const TOKEN_PREFIX: &str = "yoi.token.";

/// Whose page a browser asks for (Fetch Metadata).
const FETCH_SITE: &str = "sec-fetch-site";

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Who {
    pub credential: Credential,
    pub peer: Peer,
}

impl Who {
    pub fn principal(&self) -> &Principal {
        &self.credential.principal
    }
}

/// What the guard found, for the routes behind it.
#[derive(Clone)]
struct Found(Who);

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        parts.extensions.get::<Found>().map(|found| found.0.clone()).ok_or_else(unauthenticated)
    }
}

/// Stands before all routes.
pub(super) async fn check(State(shared): State<Arc<Shared>>, mut request: Request<Body>, next: Next) -> Response {
    let peer: Peer = request.extensions().get().copied().unwrap_or_default();
    let path = request.uri().path();
    if HEALTH_PATHS.contains(&path) {
        return next.run(request).await;
    }
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if (changes || path.ends_with("/ws"))
        && let Err(refused) = check_origin(&shared, request.uri(), request.headers(), peer)
    {
        return refused.into_response();
    }
    // the console says nothing of the workspace, and it is where people sign in
    if !changes && console::serves(path) {
        return next.run(request).await;
    }
    // whoever signs in has nothing to show yet
    if request.method() == Method::POST && path == "/api/session" {
        return next.run(request).await;
    }
    match find(&shared, request.headers(), path.ends_with("/ws")) {
        Ok(credential) => {
            request.extensions_mut().insert(Found(Who { credential, peer }));
            next.run(request).await
        }
        Err(refused) => refused.into_response(),
    }
}

fn check_origin(shared: &Shared, uri: &Uri, headers: &HeaderMap, peer: Peer) -> Result<(), Refused> {
    // behind a proxy that ends TLS, this server's own pages come over TLS too
    let transport = if shared.cookies == Cookies::Secure { Transport::Tls } else { peer.transport };
    let is_foreign = match Origin::of(uri, headers, Peer { transport, ..peer }) {
        Origin::Same => false,
        // a browser that keeps a page's name to itself may still tell that it is another's
        Origin::Absent => headers.get(FETCH_SITE).is_some_and(|site| site != "same-origin" && site != "none"),
        Origin::Foreign => true,
    };
    if !is_foreign {
        return Ok(());
    }
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    if shared.origins.read().iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)) {
        return Ok(());
    }
    Err(Refused::new(Code::OriginNotAllowed, "this request comes from a web page of another origin"))
}

/// Who shows what a request has in its head. What is shown counts, and is never passed over for
/// something weaker.
fn find(shared: &Shared, headers: &HeaderMap, is_ws: bool) -> Result<Credential, Refused> {
    let directory = &shared.directory;
    if headers.contains_key(http::header::AUTHORIZATION) {
        let token = bearer(headers).ok_or_else(unauthenticated)?;
        return directory.by_token(token).or_else(|| directory.open()).ok_or_else(unauthenticated);
    }
    let mut offered = ws::offered_protocols(headers).filter_map(|name| name.strip_prefix(TOKEN_PREFIX));
    if is_ws && let Some(token) = offered.next() {
        // one, as of every other credential
        let token = Some(token).filter(|_| offered.next().is_none()).ok_or_else(unauthenticated)?;
        let token = URL_SAFE_NO_PAD.decode(token).map_err(|_| unauthenticated())?;
        return directory.by_token(&token).or_else(|| directory.open()).ok_or_else(unauthenticated);
    }
    if let Some(open) = directory.open() {
        return Ok(open);
    }
    if let Some(cookie) = cookie(headers) {
        let found = directory.by_cookie(&shared.sessions.read(), &cookie, shared.clock.now());
        return found.map_err(|_| unauthenticated());
    }
    Err(unauthenticated())
}

/// The sign-in among a request's cookies (RFC 6265 §4.2); nothing where there are several.
fn cookie(headers: &HeaderMap) -> Option<String> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='));
    let value = values.next()?;
    values.next().is_none().then(|| value.to_owned())
}

pub(super) fn unauthenticated() -> Refused {
    Refused::new(Code::Unauthenticated, "this server takes requests with a valid token or sign-in")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_sign_in_is_found_among_other_cookies_and_only_once() {
        let found = |cookies: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in cookies {
                headers.append(COOKIE, HeaderValue::from_static(value));
            }
            cookie(&headers)
        };
        assert_eq!(found(&["a=b; yoi_session=x; c=d"]).as_deref(), Some("x"));
        assert_eq!(found(&["a=b", "yoi_session=x"]).as_deref(), Some("x"));
        assert_eq!(found(&["yoi_session2=x; zyoi_session=y"]), None);
        assert_eq!(found(&["yoi_session=x; yoi_session=y"]), None);
        assert_eq!(found(&[]), None);
    }
}
