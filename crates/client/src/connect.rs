//! How a connection is made.
//!
//! Owns the seam through which streams and calls are opened, so that tests can put a simulated network in
//! its place. TLS and the upgrade come after it. Must not try again.

use futures_util::future::BoxFuture;
use std::io;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A connection of bytes.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// Opens connections.
pub trait Connect: Send + Sync + 'static {
    /// A connection to `host`, a name or an address without brackets. The caller limits its time.
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Box<dyn Io>>>;
}

/// The network of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tcp;

impl Connect for Tcp {
    fn connect<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Box<dyn Io>>> {
        Box::pin(async move {
            let tcp = TcpStream::connect((host, port)).await?;
            tcp.set_nodelay(true)?;
            let io: Box<dyn Io> = Box::new(tcp);
            Ok(io)
        })
    }
}
