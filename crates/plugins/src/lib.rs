//! Runs a workspace's plugins beside its workers.
//!
//! [`Plugins`] reads the packages and the grants of a workspace, has a host run what is enabled, and
//! takes over every change of the files. Each plugin has a stream of its own, as a worker that is
//! only told things: what the plugin emits, and how it does. Its tools can be called by workers.
//!
//! Must not know how workers are kept: that is behind [`Workers`]. Must not grant, and must not let
//! anything that a plugin emits become an input.

mod broken;
mod calls;
mod folder;
mod keeper;
mod news;
mod options;
mod outlet;
mod plugins;
mod shown;
mod stream;
mod workers;

pub use options::{Options, Places};
pub use plugin_host::ToolError;
pub use plugins::{Plugins, Tool};
pub use stream::worker_id;
pub use workers::{NewStream, Told, Untold, Whose, Workers};
