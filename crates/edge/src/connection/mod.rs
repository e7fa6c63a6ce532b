//! One connection, from its first byte to its last or to its handing over.
//!
//! Owns HTTP/1.1 on it. Must not know what is answered.

mod automatic;
mod conn;

use crate::{Peer, Service};
use axum::body::Body;
use conn::Conn;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::pin::pin;
use tokio::io::{AsyncRead, AsyncWrite};

/// The most headers of a request.
const MAX_HEADERS: usize = 100;

pub(crate) async fn serve<I>(service: Service, io: I, peer: Peer)
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let options = service.options();
    let io = TokioIo::new(Conn::new(io, options.slow_after, options.header_bytes));
    let answering = service.clone();
    let answer = service_fn(move |request: http::Request<Incoming>| {
        let service = answering.clone();
        async move {
            #[cfg(feature = "ws")]
            let response = answer::<I>(&service, request, peer).await;
            #[cfg(not(feature = "ws"))]
            let response = service.answer(request.map(Body::new), peer).await;
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.header_timeout)
        .max_headers(MAX_HEADERS)
        .max_header_size(options.header_bytes)
        .max_buf_size(options.header_bytes.max(8192))
        .serve_connection(io, answer)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = service.closing().cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection failed");
    }
}

/// Answers, and hands the connection over where the answer says so.
#[cfg(feature = "ws")]
async fn answer<I>(service: &Service, mut request: http::Request<Incoming>, peer: Peer) -> http::Response<Body>
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let upgrade = hyper::upgrade::on(&mut request);
    let mut response = service.answer(request.map(Body::new), peer).await;
    if let Some(hand_over) = crate::ws::HandOver::take(&mut response) {
        tokio::spawn(hand_over.after(upgrade, |upgraded| {
            // taken out of the HTTP library, so that none of its buffers stay
            let parts = upgraded.downcast::<TokioIo<Conn<I>>>().ok()?;
            Some((Box::new(parts.io.into_inner().into_inner()) as Box<dyn crate::ws::Io>, parts.read_buf))
        }));
    }
    response
}
