//! A typed, asynchronous client that reconnects and resumes.
//!
//! This crate owns the calls of the REST API, the streams of a worker and of a workspace with
//! their reconnecting, and how their failures are told. It must not read the environment, print,
//! or keep state beyond one stream: folding is the reader's choice, with [`Folded`].
//!
//! [`Client`] talks to a backend, which knows all runtimes of a workspace; [`RuntimeClient`] to the
//! workers of one of them, through the backend or directly.
//!
//! ```no_run
//! # async fn example() -> Result<(), yoi_client::Error> {
//! use yoi_client::{Client, ClientOptions, FollowOptions, Folded};
//!
//! let client = Client::new(ClientOptions::new("http://127.0.0.1:7070"))?;
//! let runtime = client.runtimes().await?.runtimes.remove(0).runtime_id;
//! let workers = client.on(&runtime);
//! let worker = workers.create(&Default::default()).await?.worker.worker_id;
//! let mut follow = workers.follow(worker, FollowOptions::default());
//! let mut folded = Folded::default();
//! while let Some(update) = follow.next().await {
//!     folded.update(&update?);
//! }
//! # Ok(()) }
//! ```

mod calls;
mod client;
mod connect;
mod dial;
mod endpoint;
mod error;
mod exchange;
mod folded;
mod follow;
mod http;
mod options;
mod pin;
mod query;
mod raw_frame;
mod runtime_client;
mod secret;
mod server;
mod socket;
mod subscription;
#[cfg(test)]
mod subscription_tests;
#[cfg(test)]
mod testing;
mod tls;
#[cfg(test)]
mod tls_tests;

pub use calls::{Created, Page, TranscriptQuery, WorkerFilter};
pub use client::Client;
pub use connect::{Connect, Io};
pub use error::Error;
pub use folded::{Folded, FoldedWorkspace};
pub use follow::{
    Coalesce, First, Follow, FollowOptions, FollowWorkspace, Mode, OnGap, Received, Update, WorkspaceReceived,
    WorkspaceUpdate,
};
pub use options::{ClientOptions, Timeouts};
pub use pin::{CertificatePin, PinError};
pub use raw_frame::RawFrame;
pub use runtime_client::RuntimeClient;
pub use secret::{Secret, SecretError};
pub use subscription::{SubscribeOptions, Subscription};
