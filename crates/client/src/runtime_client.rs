//! The workers of one runtime: asked of the runtime itself, or of the backend in between.
//!
//! Owns how such a client is made and the streams it opens. The calls are in `calls`.

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::follow::{Follow, FollowOptions};
use crate::options::ClientOptions;
use crate::server::Server;
use crate::subscription::{SubscribeOptions, Subscription};
use protocol::{RuntimeId, WorkerId};
use std::sync::Arc;

/// A client of one runtime's workers. Cheap to clone.
#[derive(Clone)]
pub struct RuntimeClient {
    pub(crate) server: Arc<Server>,
    pub(crate) endpoint: Endpoint,
}

impl RuntimeClient {
    /// A client of the runtime at `base_url`; nothing is connected yet. Through a backend:
    /// [`crate::Client::on`].
    ///
    /// # Errors
    /// When an option is not usable.
    pub fn direct(options: ClientOptions) -> Result<RuntimeClient, Error> {
        Ok(RuntimeClient { server: Server::new(options)?, endpoint: Endpoint::Direct })
    }

    /// Which of a backend's runtimes it is; `None` where it is asked directly.
    #[must_use]
    pub fn runtime_id(&self) -> Option<&RuntimeId> {
        match &self.endpoint {
            Endpoint::Direct => None,
            Endpoint::Through(runtime) => Some(runtime),
        }
    }

    /// The stream of a worker, over as many connections as it takes. Connects when it is first
    /// polled.
    #[must_use]
    pub fn follow(&self, worker: WorkerId, options: FollowOptions) -> Follow {
        Follow::new(self, worker, options)
    }

    /// The stream of a worker over one connection, which is made now and not made again.
    ///
    /// # Errors
    /// When the connection cannot be made, or the server refuses the upgrade.
    pub async fn subscribe(&self, worker: WorkerId, options: SubscribeOptions) -> Result<Subscription, Error> {
        let mut url = self.endpoint.stream(&self.server.root, worker);
        options.add_query(&mut url);
        Subscription::connect(Arc::clone(&self.server), url).await
    }
}

impl std::fmt::Debug for RuntimeClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("RuntimeClient");
        shown.field("server", &self.server.root.authority()).field("runtime_id", &self.runtime_id());
        shown.finish_non_exhaustive()
    }
}
