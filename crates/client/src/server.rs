//! One server: where it is, how it is reached, and who asks.
//!
//! Owns what all clients and streams of one server share, and how that is made from the options.
//! Must not know what is asked of it.

use crate::connect::{Connect, Tcp};
use crate::endpoint::Root;
use crate::error::Error;
use crate::options::{ClientOptions, Timeouts};
use crate::tls;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use std::sync::Arc;

/// How this client calls itself.
pub(crate) const USER_AGENT: &str = concat!("yoi-client/", env!("CARGO_PKG_VERSION"));

/// Over which connections calls go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calls {
    /// Those that are kept and shared.
    Pooled,
    /// One of its own for each, made by the connector.
    Alone,
}

/// What all clients and streams of one server share.
///
/// It takes no proxy from the environment, because a proxy for the outside must not be asked for
/// a server on loopback, and it follows no redirect, because a token is for one server.
pub(crate) struct Server {
    pub(crate) root: Root,
    pub(crate) http: reqwest::Client,
    /// Marked as sensitive, so that nothing prints it.
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) tls: Arc<rustls::ClientConfig>,
    pub(crate) connector: Arc<dyn Connect>,
    /// Whether calls go through the connector too, in place of `http`.
    pub(crate) calls: Calls,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_answer_bytes: usize,
}

impl Server {
    /// Nothing is connected yet.
    pub(crate) fn new(options: ClientOptions) -> Result<Arc<Server>, Error> {
        let root = Root::new(&options.base_url)?;
        let tls = tls::config(options.ca.as_deref(), options.pin, root.transport())?;
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
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(options.timeouts.connect)
            .timeout(options.timeouts.request)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| Error::InvalidOption { reason: format!("the client cannot be made: {error}") })?;
        Ok(Arc::new(Server {
            root,
            http,
            authorization,
            tls: Arc::new(tls),
            calls: if options.connector.is_some() { Calls::Alone } else { Calls::Pooled },
            connector: options.connector.unwrap_or_else(|| Arc::new(Tcp)),
            timeouts: options.timeouts,
            max_answer_bytes: options.max_answer_bytes,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::{Client, RuntimeClient};

    #[test]
    fn the_token_is_not_shown() {
        let mut options = ClientOptions::new("http://127.0.0.1:1");
        options.token = Some(Secret::new("hunter2").unwrap());
        assert!(!format!("{options:?}").contains("hunter2"));
        let server = Server::new(options.clone()).unwrap();
        let (direct, client) = (RuntimeClient::direct(options.clone()).unwrap(), Client::new(options).unwrap());
        let shown = format!("{direct:?} {client:?} {:?} {:?}", server.authorization, server.http);
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
