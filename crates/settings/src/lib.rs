//! Settings from flags, environment and a TOML file.
//!
//! Owns the engine: one [`Table`] says each setting's name, flag, variable, default and meaning,
//! and `--help`, the reading of every source, `config show` and the reference follow from it.
//! Generic over the settings that a table fills; several tables stand side by side in one command
//! line, each with a file of its own. Must not know any setting, nor who serves what.

pub use clap;

mod file;
mod flags;
mod key;
pub mod logging;
mod problems;
mod process;
mod reference;
mod resolve;
mod secret;
mod show;
mod table;
pub mod values;

pub use file::{Entry, Members, Variable};
pub use flags::Flags;
pub use key::{Key, Kind};
pub use logging::LogFormat;
pub use problems::{EXIT_SETTINGS, Problems};
pub use process::process_environment;
pub use reference::tables as reference;
pub use resolve::{Draft, Origin, Resolved};
pub use secret::{Environment, Reference, read_secret_file};
pub use show::{Item, Report, as_json, as_text, show};
pub use table::{File, Form, Section, Table};

#[cfg(test)]
mod tests;
