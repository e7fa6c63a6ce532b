//! One exchange over one connection.
//!
//! Owns the request's head as it is written. Must not decide what is allowed: it holds a permit.

use super::response;
use crate::bindings::request::{RequestError, Response};
use crate::context::Context;
use crate::dial::Dialled;
use crate::http1;
use crate::permission::Question;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use manifest::Permit;
use tokio::time::Instant;

/// Dials, sends, and reads the answer to its end.
pub(super) async fn run(
    plugin: &Context,
    permit: &Permit,
    question: &Question,
    set: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    deadline: Instant,
) -> Result<Response, RequestError> {
    let url = permit.url();
    let method = permit.method().unwrap_or("GET");
    let method = Method::from_bytes(method.as_bytes()).map_err(|_| invalid("the method cannot be sent"))?;
    if method == Method::CONNECT {
        return Err(invalid("CONNECT opens a tunnel, which is no request"));
    }
    let mut headers = http1::headers(url, set)?;
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));

    let Dialled { stream, peer, alive: _alive } = plugin.services.dialler.dial(permit, deadline).await?;
    let nat64 = plugin.services.dialler.nat64();
    http1::add_credentials(&mut headers, &permit.credentials(peer, nat64), &*plugin.services.secrets).await?;
    let mut request = Request::new(Full::new(Bytes::from(body)));
    *request.method_mut() = method;
    *request.uri_mut() = url.origin_form().parse().map_err(|_| invalid("the path cannot be sent"))?;
    *request.headers_mut() = headers;

    let (mut sender, connection) = http1::builder().handshake(TokioIo::new(stream)).await.map_err(protocol)?;
    let limit = plugin.limits.response_bytes;
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(protocol)?;
        response::read(answer, limit).await
    };
    let mut gate = plugin.gate.clone();
    tokio::pin!(exchange, connection);
    let mut is_driven = true;
    let withdrawn = gate.withdrawn(question, peer, nat64);
    tokio::pin!(withdrawn);
    loop {
        tokio::select! {
            biased;
            _ = &mut withdrawn => return Err(RequestError::Cancelled),
            answer = &mut exchange => return answer,
            // its error reaches the exchange as well, with more to say
            _ = &mut connection, if is_driven => is_driven = false,
        }
    }
}

/// What hyper met, in words that hold nothing of what was sent.
pub(super) fn protocol(error: hyper::Error) -> RequestError {
    RequestError::Protocol(error.to_string())
}

fn invalid(text: &str) -> RequestError {
    RequestError::Invalid(text.to_owned())
}
