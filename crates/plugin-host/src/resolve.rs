//! Names to addresses.
//!
//! Owns the one way to ask. Must not judge addresses or cache them: the dialler asks once for each
//! connection and dials what it was told, so that there is no second answer to differ.

use futures_util::future::BoxFuture;
use std::io;
use std::net::IpAddr;

/// The most addresses that are taken of one answer; one more is kept so that too many are noticed.
const MAX_ADDRESSES: usize = 64;

/// Resolves names.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of a host, in the order in which they are to be tried.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).take(MAX_ADDRESSES + 1).collect())
        })
    }
}
