//! Who may ask at all.
//!
//! Owns the checks that come before any route: the origin and the token. Must not know what is
//! asked for, other than that health is nobody's secret.

use super::Token;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, Uri};
use protocol::Code;
use yoi_edge::{HEALTH_PATHS, Origin, Peer, Refused};

/// What every request must be.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    token: Option<Token>,
}

/// Lets a request through to its route, or refuses it.
pub(super) async fn check(
    State(guard): State<Guard>,
    peer: Peer,
    request: Request,
    next: Next,
) -> Result<Response, Refused> {
    guard.check(request.uri(), request.headers(), peer)?;
    Ok(next.run(request).await)
}

impl Guard {
    pub fn new(token: Option<Token>) -> Guard {
        Guard { token }
    }

    fn check(&self, uri: &Uri, headers: &HeaderMap, peer: Peer) -> Result<(), Refused> {
        if Origin::of(uri, headers, peer) == Origin::Foreign {
            let words = "a runtime is not for browsers: this request has a foreign `Origin`";
            return Err(Refused::new(Code::Forbidden, words));
        }
        if HEALTH_PATHS.contains(&uri.path()) {
            return Ok(());
        }
        match &self.token {
            Some(token) if !yoi_edge::bearer(headers).is_some_and(|shown| token.is(shown)) => {
                let words = "this runtime asks for `Authorization: Bearer <token>` with its token";
                Err(Refused::new(Code::Unauthenticated, words))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn code(guard: &Guard, path: &str, headers: &[(&'static str, &str)]) -> Option<Code> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        guard.check(&path.parse().unwrap(), &map, Peer::default()).err().map(|refused| refused.problem().code.clone())
    }

    #[test]
    fn a_foreign_origin_is_refused_even_with_the_token() {
        let guard = Guard::new(Some(Token::new("t").unwrap()));
        let base = [("host", "r.example:7070"), ("authorization", "Bearer t")];
        let with = |origin: &'static str| [base[0], base[1], ("origin", origin)];
        assert_eq!(code(&guard, "/v1/runtime", &with("https://R.example:7070")), None);
        for origin in ["null", "http://evil.example", "http://r.example", "https://r.example:7070@evil", ""] {
            assert_eq!(code(&guard, "/v1/runtime", &with(origin)), Some(Code::Forbidden), "{origin}");
        }
    }

    #[test]
    fn the_token_is_asked_for_everywhere_but_health() {
        let guard = Guard::new(Some(Token::new("right").unwrap()));
        for path in ["/v1/runtime", "/metrics", "/nowhere", "/healthz/x", "/"] {
            assert_eq!(code(&guard, path, &[("host", "h")]), Some(Code::Unauthenticated), "{path}");
        }
        for path in HEALTH_PATHS {
            assert_eq!(code(&guard, path, &[("host", "h")]), None, "{path}");
        }
        assert_eq!(code(&guard, "/v1/runtime", &[("authorization", "bearer right")]), None);
        for bad in ["Bearer wrong", "Bearer right ", "Basic right", "right", "Bearer", "Bearer  right"] {
            let want = Some(Code::Unauthenticated);
            // header values lose spaces at their ends on the wire; here they do not
            assert_eq!(code(&guard, "/v1/runtime", &[("authorization", bad)]), want, "{bad}");
        }
        let two = [("authorization", "Bearer right"), ("authorization", "Bearer right")];
        assert_eq!(code(&guard, "/v1/runtime", &two), Some(Code::Unauthenticated));
    }
}
