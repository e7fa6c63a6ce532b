//! Answers where there is no route.
//!
//! Owns their words. Must not know a path.

use crate::Refused;
use axum::Router;
use protocol::Code;

/// Answers with problem documents where `router` has no such path, or not for this method. Add all
/// routes first; what is layered over the result covers these answers too, so that one who may not
/// ask does not learn which paths there are.
pub fn with_fallbacks<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.method_not_allowed_fallback(method_not_allowed).fallback(not_found)
}

async fn method_not_allowed() -> Refused {
    Refused::new(Code::MethodNotAllowed, "this path does not take this method; `Allow` lists those it takes")
}

async fn not_found() -> Refused {
    Refused::new(Code::NotFound, "there is nothing at this path")
}
