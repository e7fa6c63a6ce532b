//! The command line of a runtime: settings from flags, environment and file, and serving.
//!
//! Owns the one table of settings and everything that follows from it; how a table is read and
//! shown is `yoi_settings`'s. Must not do a runtime's work. Only here is the process touched: its
//! signals, its standard streams.

mod agents;
mod args;
mod build;
mod embedded;
mod keys;
mod listing;
mod plugins;
mod process;
mod profiles;
mod recorder;
mod reference;
mod resolve;
mod run;
mod settings;
mod show;

pub use self::plugins::Plugins;
pub use args::{EmbeddedArgs, ServeArgs};
pub use build::OpenError;
pub use embedded::{Embedded, embedded};
pub use listing::{ProfileRow, profiles};
pub use process::{Asked, Signals, raise_open_files};
pub use recorder::install as install_recorder;
pub use reference::reference;
pub use run::serve;
pub use show::config_show;
