//! One connection, from its first byte to its last or to its handing over.
//!
//! Owns HTTP/1.1 on it. Must not know what is answered.

mod automatic;
mod conn;

use super::Service;
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

pub(super) async fn serve<I>(service: Service, io: I)
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let options = &service.shared.options;
    let io = TokioIo::new(Conn::new(io, options.observation.slow_after, options.header_bytes));
    let answering = service.clone();
    let answer = service_fn(move |request: http::Request<Incoming>| {
        let service = answering.clone();
        async move {
            #[cfg(feature = "ws-server")]
            let response = answer::<I>(&service, request).await;
            #[cfg(not(feature = "ws-server"))]
            let response = service.answer(request.map(Body::new)).await;
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
        () = service.shared.closing.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection failed");
    }
}

#[cfg(feature = "ws-server")]
async fn answer<I>(service: &Service, mut request: http::Request<Incoming>) -> http::Response<Body>
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let upgrade = hyper::upgrade::on(&mut request);
    let mut response = service.answer(request.map(Body::new)).await;
    if let Some(subject) = super::watch::take_subject(&mut response) {
        super::watch::hand_over(service, upgrade, subject, |upgraded| {
            let parts = upgraded.downcast::<TokioIo<Conn<I>>>().ok()?;
            Some((parts.io.into_inner().into_inner(), parts.read_buf))
        });
    }
    response
}
