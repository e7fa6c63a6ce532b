//! The terminal console of a workspace: its workers, the transcript of one of them live, and what a person
//! says to it.
//!
//! This crate owns the screen and the keys. It reads no environment and no configuration, and reaches the
//! workspace through [`Backend`] only; [`client_backend`] makes one of a client. Whether stdout is a terminal
//! is for the caller to know.
//!
//! - `model` is all that is known and shown; `update` changes it; `view` draws it. All three are pure.
//! - `render` makes rows of what stands in a transcript, and `text` makes rows of text.
//! - `runtime` is the loop around them: the one place with a terminal, tasks and time.
//!
//! What a worker says never drives the terminal: it is cleaned before it is measured (`text::clean`).
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = yoi_client::Client::new(yoi_client::ClientOptions::new("http://127.0.0.1:7070"))?;
//! yoi_tui::run(yoi_tui::Options::new(yoi_tui::client_backend(client))).await?;
//! # Ok(()) }
//! ```

mod backend;
mod client_backend;
mod clipboard;
mod error;
mod model;
mod options;
mod render;
mod runtime;
#[cfg(test)]
mod tests;
mod text;
mod update;
mod view;

pub use backend::{Backend, Command, Failure, News, WorkerKey, WorkerNews, WorkspaceNews};
pub use client_backend::client_backend;
pub use error::Error;
pub use options::{Colour, Confirm, Mouse, Options};
pub use runtime::run;
pub use text::clean;
