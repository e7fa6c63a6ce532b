//! The client of a backend: one server, one token, one pool of connections.
//!
//! Owns how it is made and what it gives out. The calls are in `calls`, the streams in `follow`.

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::follow::{FollowOptions, FollowWorkspace};
use crate::options::ClientOptions;
use crate::runtime_client::RuntimeClient;
use crate::server::Server;
use protocol::RuntimeId;
use std::sync::Arc;

/// A client of a backend. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    pub(crate) server: Arc<Server>,
}

impl Client {
    /// Makes a client; nothing is connected yet.
    ///
    /// # Errors
    /// When an option is not usable.
    pub fn new(options: ClientOptions) -> Result<Client, Error> {
        Ok(Client { server: Server::new(options)? })
    }

    /// The workers of one runtime. Whether there is such a runtime shows when it is asked.
    #[must_use]
    pub fn on(&self, runtime: &RuntimeId) -> RuntimeClient {
        RuntimeClient { server: Arc::clone(&self.server), endpoint: Endpoint::Through(runtime.clone()) }
    }

    /// The stream of the workspace: its runtimes and, in short, its workers. Connects when it is
    /// first polled.
    #[must_use]
    pub fn follow_workspace(&self, options: FollowOptions) -> FollowWorkspace {
        FollowWorkspace::new(Arc::clone(&self.server), options)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("server", &self.server.root.authority()).finish_non_exhaustive()
    }
}
