//! The flags of a program that serves a runtime.
//!
//! Owns their making from the table of settings. Must not read what they say: values go with
//! those of the file and the environment.

use super::keys::KEYS;
use clap::{Arg, ArgMatches, Command, Error};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The variable that names the file.
pub(super) const CONFIG_ENV: &str = "YOI_CONFIG";
/// The file that is read where none is named and it exists.
pub(super) const CONFIG_FILE: &str = ".yoi/runtime.toml";

/// The flags of a program that serves a runtime.
#[derive(Clone, Debug, Default)]
pub struct ServeArgs {
    /// The file to read.
    pub(super) config: Option<PathBuf>,
    /// The flags given, by the name of their setting.
    pub(super) values: BTreeMap<&'static str, String>,
}

impl ServeArgs {
    /// The same with a setting, as its flag would give it. Unknown names change nothing.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> ServeArgs {
        if let Some(key) = super::keys::find(name) {
            self.values.insert(key.name, value.into());
        }
        self
    }
}

impl clap::Args for ServeArgs {
    fn augment_args(mut command: Command) -> Command {
        let help = format!("Settings in TOML [default: {CONFIG_FILE} where it exists] [env: {CONFIG_ENV}]");
        command = command.arg(Arg::new("config").long("config").value_name("FILE").help(help));
        for key in KEYS {
            let default = if key.default.is_empty() { String::new() } else { format!(" [default: {}]", key.default) };
            let help = format!("{}{default} [file: {}] [env: {}]", key.doc, key.name, key.env);
            let arg = Arg::new(key.name).long(key.flag).value_name(key.value).help(help).help_heading(key.group);
            command = command.arg(arg);
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for ServeArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut args = ServeArgs::default();
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        if let Some(config) = matches.get_one::<String>("config") {
            self.config = Some(PathBuf::from(config));
        }
        for key in KEYS {
            if let Some(value) = matches.get_one::<String>(key.name) {
                self.values.insert(key.name, value.clone());
            }
        }
        Ok(())
    }
}
