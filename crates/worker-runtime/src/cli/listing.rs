//! The profiles of a `runtime.toml`, as people look at them.
//!
//! Owns what is shown of a profile without a runtime. Must not open or start anything.

use super::args::EmbeddedArgs;
use super::resolve::resolve_embedded;
use std::path::Path;
use yoi_settings::{Environment, Problems};

/// A profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileRow {
    /// Its name.
    pub name: String,
    /// The kind of executor.
    pub executor: &'static str,
    /// For people.
    pub description: Option<String>,
    /// Whether workers that name none are made with it.
    pub is_default: bool,
    /// Where it stands: `file:line:column`, or `built in`.
    pub place: String,
    /// What it is made of; no secrets.
    pub facts: Vec<(&'static str, String)>,
    /// The program that it starts.
    pub program: Option<String>,
}

/// The profiles, those that are built in first, and what the operator should know. `folder` is where
/// the default file is looked for.
///
/// # Errors
/// With everything that is wrong with the file.
pub fn profiles(environment: Environment<'_>, folder: &Path) -> Result<(Vec<ProfileRow>, Vec<String>), Problems> {
    let resolved = resolve_embedded(&EmbeddedArgs::default(), environment, folder)?;
    let default = resolved.settings.default_profile.clone();
    let row = |entry: super::profiles::ProfileEntry| ProfileRow {
        name: entry.profile.name().to_owned(),
        executor: entry.profile.executor(),
        description: entry.profile.description().map(str::to_owned),
        is_default: entry.profile.name() == default,
        place: entry.place,
        facts: entry.facts,
        program: entry.program,
    };
    Ok((resolved.settings.profiles.into_iter().map(row).collect(), resolved.warnings))
}
