//! A typed, asynchronous client of a runtime, that reconnects and resumes.
//!
//! This crate owns the calls of the REST API, the stream of a worker with its reconnecting, and
//! how their failures are told. It must not read the environment, print, or keep state beyond one
//! stream: folding is the reader's choice, with [`Folded`].
//!
//! ```no_run
//! # async fn example() -> Result<(), yoi_client::Error> {
//! use yoi_client::{Client, ClientOptions, FollowOptions, Folded};
//!
//! let client = Client::new(ClientOptions::new("http://127.0.0.1:7070"))?;
//! let worker = client.create(&Default::default()).await?.worker.worker_id;
//! let mut follow = client.follow(worker, FollowOptions::default());
//! let mut folded = Folded::default();
//! while let Some(update) = follow.next().await {
//!     folded.update(&update?);
//! }
//! # Ok(()) }
//! ```

mod calls;
#[cfg(test)]
mod calls_tests;
mod client;
mod endpoint;
mod error;
mod folded;
mod follow;
mod http;
mod options;
mod secret;
mod tls;

pub use calls::{Page, TranscriptQuery, WorkerFilter};
pub use client::Client;
pub use error::Error;
pub use folded::Folded;
pub use follow::{Coalesce, First, Follow, FollowOptions, Mode, OnGap, Received, Update};
pub use options::{ClientOptions, Timeouts};
pub use secret::{Secret, SecretError};
