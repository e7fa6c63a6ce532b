//! One exchange over HTTP on a connection of its own, made by the connector that was given.
//!
//! Owns sending a request that is ready and reading its answer, in place of the pool of connections
//! that this machine's network gets. Must not know which call it is, nor what a status means.

use crate::error::Error;
use crate::server::Server;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_util::rt::TokioIo;
use reqwest::header::{AUTHORIZATION, HOST, HeaderValue, USER_AGENT};
use reqwest::{Body, Request, StatusCode};

impl Server {
    /// Sends `request` within the time that a call has.
    pub(crate) async fn exchange_alone(&self, request: Request) -> Result<(StatusCode, Vec<u8>), Error> {
        let timeout = || Error::Timeout { what: format!("from {}", self.root.authority()) };
        let exchange = async {
            let io = tokio::time::timeout(self.timeouts.connect, self.dial()).await.map_err(|_| timeout())??;
            self.over(TokioIo::new(io), request).await
        };
        tokio::time::timeout(self.timeouts.request, exchange).await.map_err(|_| timeout())?
    }

    async fn over<I>(&self, io: TokioIo<I>, request: Request) -> Result<(StatusCode, Vec<u8>), Error>
    where
        TokioIo<I>: hyper::rt::Read + hyper::rt::Write + Unpin,
    {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.map_err(|e| broken(&e))?;
        let exchange = async {
            let response = sender.send_request(self.ready(request)?).await.map_err(|e| broken(&e))?;
            let (status, max) = (response.status(), self.max_answer_bytes);
            let answer = Limited::new(response.into_body(), max).collect().await.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    return Error::protocol(format!("an answer of more than {max} bytes"));
                }
                Error::Disconnected { reason: error.to_string() }
            })?;
            Ok((status, answer.to_bytes().into()))
        };
        let mut exchange = std::pin::pin!(exchange);
        tokio::select! {
            biased;
            answer = exchange.as_mut() => answer,
            // it ends of itself only after the answer, or because it broke: the exchange says which
            _ = connection => exchange.await,
        }
    }

    /// The request with what is the same in all of them.
    fn ready(&self, request: Request) -> Result<hyper::Request<Full<bytes::Bytes>>, Error> {
        let invalid = |error: &dyn std::fmt::Display| Error::InvalidOption { reason: error.to_string() };
        let body = request.body().and_then(Body::as_bytes).map(bytes::Bytes::copy_from_slice).unwrap_or_default();
        let url = request.url();
        let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        let host = HeaderValue::from_str(&self.root.authority()).map_err(|e| invalid(&e))?;
        let mut ready = hyper::Request::new(Full::new(body));
        *ready.method_mut() = request.method().clone();
        *ready.uri_mut() = path.parse().map_err(|e: hyper::http::uri::InvalidUri| invalid(&e))?;
        let headers = ready.headers_mut();
        headers.clone_from(request.headers());
        headers.insert(HOST, host);
        headers.insert(USER_AGENT, HeaderValue::from_static(crate::server::USER_AGENT));
        if let Some(value) = &self.authorization {
            headers.insert(AUTHORIZATION, value.clone());
        }
        Ok(ready)
    }
}

fn broken(error: &hyper::Error) -> Error {
    Error::Disconnected { reason: error.to_string() }
}
