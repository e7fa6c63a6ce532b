//! The command line of a runtime: settings from flags, environment and file, and serving.
//!
//! Owns the one table of settings and everything that follows from it. Must not do a runtime's
//! work. Only here is the process touched: its environment, its signals, its standard streams.

mod args;
mod build;
mod file;
mod keys;
mod logging;
mod problems;
mod recorder;
mod reference;
mod resolve;
mod run;
mod settings;
mod show;
mod values;

pub use args::ServeArgs;
pub use reference::reference;
pub use run::serve;
pub use show::config_show;
