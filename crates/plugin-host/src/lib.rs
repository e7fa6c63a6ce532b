//! Runs plugins: WebAssembly components without ambient authority, and the network that they are
//! granted.
//!
//! [`Host::start`] makes a host, [`Host::apply`] gives it packages and grants and is called again
//! whenever either changes, [`Host::tools`] and [`Host::call`] are for workers, [`Host::statuses`] is
//! for people, and [`Host::shutdown`] ends it. What plugins emit goes into a [`Sink`].
//!
//! A plugin reaches what its manifest asks for and the workspace grants, through one permission
//! function and one dialler, and nothing else. Its connections belong to the host: they end with the
//! instance that opened them, or with the grant. Must not grant, and must not put what a plugin
//! received anywhere by itself.

mod api;
mod bindings;
mod cache;
mod clock;
mod context;
mod dial;
mod emit;
mod engine;
mod gauges;
mod host;
mod http1;
mod imports;
mod instance;
mod options;
mod package;
mod permission;
mod plan;
mod plugin;
mod rate;
mod request;
mod resolve;
mod secrets;
mod state;
mod text;
mod tls;
mod websocket;

pub use cache::CacheError;
pub use clock::{Clock, SystemClock};
pub use emit::{Content, Emitted, Level, Output, Sink, SinkError};
pub use engine::{Allocation, EngineError};
pub use gauges::Gauges;
pub use host::{Ended, Host, StartError, ToolCall};
pub use imports::LinkError;
pub use instance::CallError;
pub use options::Options;
pub use package::{Package, PackageError};
pub use plan::{Found, Plan, packages};
pub use plugin::{Counters, ListError, Restart, State, Status, Tool, ToolError};
pub use resolve::{Resolve, SystemResolver};
pub use secrets::{Secret, SecretError, Secrets, SystemSecrets};
pub use state::{FolderStorage, MemoryStorage, Storage, StorageError};
pub use tls::{SystemRoots, TlsError, Trust};
