//! The environment of programs that agents run.
//!
//! Owns which variables are passed on: those of a list, and those that are set for it. A variable
//! that is on neither does not reach the program. Must not be printed with its values.

use crate::secret::Secret;
use std::collections::BTreeMap;
use std::fmt;
use std::process::Command;

/// What a program needs to find its way around; none of it is a credential.
pub const USUAL: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TERM",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// The variables of a program.
#[derive(Clone, Default)]
pub struct Variables {
    /// What is passed on beside [`USUAL`], with the values it had when the program was configured.
    values: BTreeMap<String, String>,
    secrets: Vec<Secret>,
}

impl Variables {
    /// Variables of which nothing is secret: name and value.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Variables {
        self.values.insert(name.into(), value.into());
        self
    }

    /// A variable that holds a secret.
    #[must_use]
    pub fn with_secret(mut self, name: impl Into<String>, value: Secret) -> Variables {
        self.values.insert(name.into(), value.expose().to_owned());
        self.secrets.push(value);
        self
    }

    /// The names that are set.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// What is set, with its values.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The secrets among the values.
    pub fn secrets(&self) -> impl Iterator<Item = Secret> + '_ {
        self.secrets.iter().cloned()
    }

    /// Gives a command these variables and [`USUAL`], and no other.
    pub(crate) fn apply(&self, command: &mut Command) {
        command.env_clear();
        for name in USUAL {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(&self.values);
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_reaches_a_program() {
        let variables = Variables::default().with("MODE", "test").with_secret("KEY", Secret::new("sk-canary"));
        let mut command = Command::new("env");
        // what cargo sets for its tests stands for everything else that is around
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        variables.apply(&mut command);
        let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
        assert!(said.contains("MODE=test\n") && said.contains("KEY=sk-canary\n") && !said.contains("CARGO"), "{said}");
        assert_eq!(format!("{variables:?}"), r#"{"KEY", "MODE"}"#);
    }
}
