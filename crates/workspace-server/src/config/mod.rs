//! The backend's configuration: `.yoi/workspace.toml`, flags and variables.
//!
//! Owns the table of the backend's settings, what is wrong with them together, and the values that
//! everything else is started with. Reading again gives a new value; whoever holds the old one goes
//! on with it until it is replaced. Must not start anything, nor print.

mod check;
mod keys;
mod principals;
mod reference;
mod roles;
mod runtimes;
mod secrets;
mod settings;
#[cfg(test)]
mod tests;

pub use keys::ConfigArgs;
pub use reference::reference;
pub use secrets::{Secrets, SecretsError};
pub use settings::{Config, ProxyTls};

use keys::TABLE;
use settings::Settings;
use std::path::{Path, PathBuf};
use yoi_settings::{Environment, Problems, Report, Resolved};

/// A configuration, and where each part of it comes from.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Where each setting comes from.
    pub report: Report,
    /// What the operator should know.
    pub warnings: Vec<String>,
    /// The file that was read.
    pub file: Option<PathBuf>,
}

/// Loads the configuration. `folder` is where the default file is looked for.
///
/// # Errors
/// With everything that is wrong with it.
pub fn load(args: &ConfigArgs, environment: Environment<'_>, folder: &Path) -> Result<Loaded, Problems> {
    let mut draft = TABLE.resolve(Settings::blank(), &args.0, environment, folder);
    check::together(&mut draft);
    let Resolved { settings, report, warnings, file } = draft.finish()?;
    Ok(Loaded { config: settings.into_config()?, report, warnings, file })
}

impl Loaded {
    /// The settings that are other than in `before` and count only after a restart.
    #[must_use]
    pub fn needs_restart(&self, before: &Loaded) -> Vec<&'static str> {
        let value = |loaded: &Loaded, name: &str| {
            let found = loaded.report.origins.iter().find(|origin| origin.key == name);
            found.and_then(|origin| origin.value.clone())
        };
        let settled = TABLE.keys.iter().map(|key| key.name).filter(|name| !keys::LIVE.contains(name));
        settled.filter(|name| value(self, name) != value(before, name)).collect()
    }
}
