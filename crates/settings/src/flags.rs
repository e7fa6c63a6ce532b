//! The flags of a table.
//!
//! Owns their making and what was given. Must not read what they say: values go with those of the
//! file and the environment.

use crate::key::{Key, Kind};
use crate::table::Table;
use clap::{Arg, ArgMatches, Command};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the command line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The file to read.
    pub file: Option<PathBuf>,
    /// The flags given, by the name of their setting.
    pub(crate) values: BTreeMap<&'static str, String>,
}

impl<S> Table<S> {
    /// The command with the flags of this table.
    #[must_use]
    pub fn augment(&self, mut command: Command) -> Command {
        let file = self.file;
        let help = format!("Settings in TOML [default: {} where it exists] [env: {}]", file.path, file.env);
        command = command.arg(Arg::new(file.flag).long(file.flag).value_name("FILE").help(help));
        for key in self.used() {
            command = command.arg(self.arg(key));
        }
        command
    }

    fn arg(&self, key: &'static Key<S>) -> Arg {
        let default = if key.default.is_empty() { String::new() } else { format!(" [default: {}]", key.default) };
        let help = format!("{}{default} [{}: {}] [env: {}]", key.doc, self.file.called, key.name, key.env);
        let arg = Arg::new(key.name).long(key.flag).value_name(key.value).help(help);
        let arg = arg.help_heading((self.heading)(key.group));
        match key.kind {
            Kind::Switch => arg.num_args(0..=1).require_equals(true).default_missing_value("true"),
            _ => arg,
        }
    }

    /// What the command line says of this table.
    pub fn take(&self, matches: &ArgMatches, flags: &mut Flags) {
        if let Some(file) = matches.get_one::<String>(self.file.flag) {
            flags.file = Some(PathBuf::from(file));
        }
        for key in self.used() {
            if let Some(value) = matches.get_one::<String>(key.name) {
                flags.values.insert(key.name, value.clone());
            }
        }
    }

    /// Sets a setting as its flag would. Unknown names change nothing.
    pub fn put(&self, flags: &mut Flags, name: &str, value: impl Into<String>) {
        if let Some(key) = self.used().find(|key| key.name == name) {
            flags.values.insert(key.name, value.into());
        }
    }
}

/// Declares a type of flags that `clap` can flatten into a command: those of one table.
///
/// ```text
/// flags! {
///     /// The flags of a program that serves.
///     pub struct ServeArgs(pub(super)): TABLE;
/// }
/// ```
#[macro_export]
macro_rules! flags {
    ($(#[doc = $doc:literal])* $vis:vis struct $name:ident($inner:vis): $table:expr;) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default)]
        $vis struct $name($inner $crate::Flags);

        impl $name {
            /// The same with a setting, as its flag would give it. Unknown names change nothing.
            #[must_use]
            pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
                $table.put(&mut self.0, name, value);
                self
            }

            /// The same with this file, as its flag would give it.
            #[must_use]
            pub fn with_file(mut self, file: impl Into<std::path::PathBuf>) -> Self {
                self.0.file = Some(file.into());
                self
            }
        }

        impl $crate::clap::Args for $name {
            fn augment_args(command: $crate::clap::Command) -> $crate::clap::Command {
                $table.augment(command)
            }

            fn augment_args_for_update(command: $crate::clap::Command) -> $crate::clap::Command {
                Self::augment_args(command)
            }
        }

        impl $crate::clap::FromArgMatches for $name {
            fn from_arg_matches(matches: &$crate::clap::ArgMatches) -> Result<Self, $crate::clap::Error> {
                let mut flags = $name::default();
                $table.take(matches, &mut flags.0);
                Ok(flags)
            }

            fn update_from_arg_matches(
                &mut self,
                matches: &$crate::clap::ArgMatches,
            ) -> Result<(), $crate::clap::Error> {
                $table.take(matches, &mut self.0);
                Ok(())
            }
        }
    };
}
