//! The client: one server, one token, one pool of connections.
//!
//! Owns how it is made from its options. The calls are in `calls`, the streams in `follow`.

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::follow::{Follow, FollowOptions};
use crate::options::{ClientOptions, Timeouts};
use crate::tls;
use protocol::WorkerId;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use std::sync::Arc;

/// A client of one server. Cheap to clone.
///
/// It takes no proxy from the environment, because a proxy for the outside must not be asked for
/// a runtime on loopback, and it follows no redirect, because a token is for one server.
#[derive(Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// What all clones and streams share.
pub(crate) struct Shared {
    pub(crate) endpoint: Endpoint,
    pub(crate) http: reqwest::Client,
    /// Marked as sensitive, so that nothing prints it.
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) tls: Arc<rustls::ClientConfig>,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_answer_bytes: usize,
}

impl Client {
    /// Makes a client; nothing is connected yet.
    ///
    /// # Errors
    /// When an option is not usable.
    pub fn new(options: ClientOptions) -> Result<Client, Error> {
        let endpoint = Endpoint::new(&options.base_url)?;
        let tls = tls::config(options.ca.as_deref(), endpoint.transport())?;
        let authorization = match &options.token {
            None => None,
            Some(token) => {
                let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
                    .map_err(|_| Error::InvalidOption { reason: "the token cannot stand in a header".to_owned() })?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let mut headers = HeaderMap::new();
        if let Some(value) = &authorization {
            headers.insert(AUTHORIZATION, value.clone());
        }
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.clone())
            .default_headers(headers)
            .user_agent(concat!("yoi-client/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(options.timeouts.connect)
            .timeout(options.timeouts.request)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| Error::InvalidOption { reason: format!("the client cannot be made: {error}") })?;
        let shared = Shared {
            endpoint,
            http,
            authorization,
            tls: Arc::new(tls),
            timeouts: options.timeouts,
            max_answer_bytes: options.max_answer_bytes,
        };
        Ok(Client { shared: Arc::new(shared) })
    }

    /// The stream of a worker. Connects when it is first polled.
    #[must_use]
    pub fn follow(&self, worker: WorkerId, options: FollowOptions) -> Follow {
        Follow::new(self.clone(), worker, options)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.shared.endpoint.authority()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn the_token_is_not_shown() {
        let mut options = ClientOptions::new("http://127.0.0.1:1");
        options.token = Some(Secret::new("hunter2").unwrap());
        assert!(!format!("{options:?}").contains("hunter2"));
        let client = Client::new(options).unwrap();
        let shown = format!("{client:?} {:?} {:?}", client.shared.authorization, client.shared.http);
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
