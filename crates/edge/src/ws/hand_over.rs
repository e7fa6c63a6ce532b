//! A connection on its way to its new owner.
//!
//! Owns it from the answer that upgrades it until it is handed over. Must not keep anything of the
//! HTTP library: a socket that idles costs nothing here.

use super::Io;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Upgraded};
use parking_lot::Mutex;
use std::sync::Arc;

/// What becomes of a socket, given what was read beyond the handshake.
type Owner = Box<dyn FnOnce(Box<dyn Io>, Bytes) + Send>;

/// What becomes of a connection, in its response's extensions until the upgrade.
#[derive(Clone)]
pub(crate) struct HandOver(Arc<Mutex<Option<Owner>>>);

impl HandOver {
    pub fn new(owner: impl FnOnce(Box<dyn Io>, Bytes) + Send + 'static) -> HandOver {
        HandOver(Arc::new(Mutex::new(Some(Box::new(owner)))))
    }

    /// What becomes of the connection of this response, where it is to be handed over.
    pub fn take(response: &mut Response<Body>) -> Option<HandOver> {
        response.extensions_mut().remove()
    }

    /// Hands the connection over as soon as its response has been written. `open` takes it out of
    /// the HTTP library, with what that has read of it.
    pub async fn after(self, upgrade: OnUpgrade, open: impl FnOnce(Upgraded) -> Option<(Box<dyn Io>, Bytes)>) {
        let upgraded = match upgrade.await {
            Ok(upgraded) => upgraded,
            Err(error) => return tracing::debug!(%error, "a connection broke before its upgrade"),
        };
        let Some((io, read)) = open(upgraded) else {
            return tracing::error!("an upgraded connection is not one of ours");
        };
        // a copy: what the HTTP library read into is much larger
        let read = Bytes::copy_from_slice(&read);
        let owner = self.0.lock().take();
        if let Some(owner) = owner {
            owner(io, read);
        }
    }
}
