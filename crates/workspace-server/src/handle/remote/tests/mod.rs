//! Remote runtimes that fail in every way, and one that works.
//!
//! `script` is a server that says what a test tells it; `real` runs the runtime's own server. Time is
//! real here, because sockets are.

mod failures;
mod real;
mod repeats;
mod script;
mod streams;

use super::{Remote, RemoteSpec};
use crate::handle::HandleError;
use protocol::{RuntimeId, WorkerId};
use std::net::SocketAddr;
use std::time::Duration;
use yoi_client::Secret;

/// What no client may read.
pub(super) const TOKEN: &str = "hunter2-t0ken";
pub(super) const PATH: &str = "/hidden/path";

pub(super) fn id() -> RuntimeId {
    "box".parse().unwrap()
}

pub(super) fn worker() -> WorkerId {
    WorkerId::from_parts(1, 2)
}

pub(super) fn spec(address: SocketAddr) -> RemoteSpec {
    let mut spec = RemoteSpec::new(id(), format!("http://{address}{PATH}"));
    spec.token = Some(Secret::new(TOKEN).unwrap());
    spec.timeouts.request = Duration::from_secs(5);
    spec.max_answer_bytes = 1 << 16;
    spec
}

pub(super) fn remote(address: SocketAddr) -> Remote {
    Remote::new(&spec(address)).unwrap()
}

/// Everything that a client is told of an error holds nothing of where the runtime is.
pub(super) fn assert_discreet(error: &HandleError, address: SocketAddr) {
    let problem = serde_json::to_string(&error.to_problem()).unwrap();
    let diagnostic = serde_json::to_string(&error.to_diagnostic()).unwrap();
    for told in [error.to_string(), problem, diagnostic] {
        for hidden in [TOKEN, PATH, "127.0.0.1", "localhost", "http://", "https://", &address.port().to_string()] {
            assert!(!told.contains(hidden), "{hidden} in {told}");
        }
    }
    assert!(!format!("{error:?} {}", error.for_operator()).contains(TOKEN), "{error:?}");
}
