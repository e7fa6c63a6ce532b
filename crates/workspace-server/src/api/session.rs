//! Signing in and out, and who one is.
//!
//! Owns the cookie (RFC 6265): for this server alone, not to be read by scripts, not sent along
//! from other sites. Must not say which of several reasons a token was refused for.

use super::refused;
use super::who::{COOKIE_NAME, Who, unauthenticated};
use crate::backend::{Cookies, Shared};
use axum::body::Body;
use axum::extract::State;
use axum::response::IntoResponse;
use http::header::SET_COOKIE;
use http::{HeaderValue, Request, StatusCode};
use protocol::{Authentication, Code, SessionInfo, SignIn};
use std::sync::Arc;
use yoi_access::Credential;
use yoi_access::audit::Line;
use yoi_edge::{Answer, Peer, Refused, Transport, body, json};

pub(super) async fn show(State(shared): State<Arc<Shared>>, who: Who) -> Answer {
    json(StatusCode::OK, &info(&shared, &who.credential))
}

/// The most bytes of a sign-in's body: nobody has said yet who they are.
const BODY_BYTES: usize = 8 << 10;

pub(super) async fn sign_in(State(shared): State<Arc<Shared>>, peer: Peer, mut request: Request<Body>) -> Answer {
    let limits = request.extensions().get().copied().unwrap_or_else(body::Limits::default);
    request.extensions_mut().insert(body::Limits { bytes: limits.bytes.min(BODY_BYTES), ..limits });
    let SignIn { token } = body::read(request).await?;
    let credential = shared.directory.by_token(token.as_bytes()).or_else(|| shared.directory.open());
    let Some(credential) = credential else { return Err(failed(&shared, peer)) };
    if let Err(limited) = shared.limits.command(&credential.principal) {
        tell(&shared, Some(&credential), peer, limited.code().as_str());
        return Err(refused::of_limited(&limited));
    }
    tell(&shared, Some(&credential), peer, "ok");
    if credential.authentication == Authentication::Open {
        return json(StatusCode::OK, &info(&shared, &credential));
    }
    let now = shared.clock.now();
    let (cookie, end) = shared.sessions.read().seal(&credential.principal, now);
    let seconds = (end.as_millis() - now.as_millis()) / 1000;
    let signed_in = Credential { authentication: Authentication::Cookie, expires_at: Some(end), ..credential };
    let mut response = json(StatusCode::OK, &info(&shared, &signed_in))?;
    let secure = if is_secure(&shared, peer) { "; Secure" } else { "" };
    let cookie = format!("{COOKIE_NAME}={cookie}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}");
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// What a token that is nobody's is answered. Whoever fails often is told to wait, and leaves no
/// line each time; whoever has a token is let in all the same, so that nobody is kept out by others
/// behind the same proxy. There is nothing to guess: a token has 256 random bits.
fn failed(shared: &Shared, peer: Peer) -> Refused {
    match shared.failures.note(peer.address.map(|address| address.ip())) {
        Ok(()) => {
            tell(shared, None, peer, Code::Unauthenticated.as_str());
            unauthenticated()
        }
        Err(limited) => {
            if let Some(audit) = &shared.audit {
                audit.leave_out(shared.clock.now());
            }
            refused::of_limited(&limited)
        }
    }
}

pub(super) async fn sign_out(State(shared): State<Arc<Shared>>, who: Who) -> Answer {
    let secure = if is_secure(&shared, who.peer) { "; Secure" } else { "" };
    let cookie = format!("{COOKIE_NAME}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0{secure}");
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response())
}

fn is_secure(shared: &Shared, peer: Peer) -> bool {
    shared.cookies == Cookies::Secure || peer.transport == Transport::Tls
}

fn info(shared: &Shared, credential: &Credential) -> SessionInfo {
    SessionInfo {
        principal: credential.principal.name().to_string(),
        role: credential.principal.role().clone(),
        authentication: credential.authentication.clone(),
        expires_at: credential.expires_at,
        server_version: env!("CARGO_PKG_VERSION").to_owned(),
        server_time: shared.clock.now(),
    }
}

fn tell(shared: &Shared, credential: Option<&Credential>, peer: Peer, outcome: &str) {
    let Some(audit) = &shared.audit else { return };
    audit.tell(Line {
        time: shared.clock.now(),
        principal: credential.map(|credential| credential.principal.name().to_string()),
        role: credential.map(|credential| credential.principal.role().clone()),
        authentication: credential.map(|credential| credential.authentication.clone()),
        peer: peer.address.map(|address| address.to_string()),
        command: "sign_in",
        runtime_id: None,
        worker_id: None,
        ticket_id: None,
        outcome: outcome.to_owned(),
        run_id: None,
        idempotency_key: None,
        duration_ms: 0,
    });
}
