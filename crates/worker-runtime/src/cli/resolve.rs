//! Which source each setting's value comes from.
//!
//! Owns the order: flag, variable, file, default. Must not read the process's own environment: it
//! is handed in.

use super::args::{CONFIG_ENV, CONFIG_FILE, ServeArgs};
use super::file::{self, Environment, FileValue, ProfileEntry, SettingsFile};
use super::keys::{KEYS, Key, Kind};
use super::problems::Problems;
use super::settings::Settings;
use std::path::{Path, PathBuf};

/// The most characters of a wrong value that are repeated.
const SHOWN: usize = 80;

/// A setting, its value as it was written, and where that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub key: &'static str,
    /// None where there is none; a secret is masked.
    pub value: Option<String>,
    pub origin: String,
}

/// The settings, and where each comes from.
#[derive(Debug)]
pub(super) struct Resolved {
    pub settings: Settings,
    pub profiles: Vec<ProfileEntry>,
    pub origins: Vec<Origin>,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

/// The value of a setting that won.
struct Won {
    text: String,
    origin: String,
    warning: Option<String>,
}

/// Resolves every setting. `folder` is where the default file is looked for.
pub(super) fn resolve(args: &ServeArgs, environment: Environment<'_>, folder: &Path) -> Result<Resolved, Problems> {
    let mut problems = Problems::default();
    let file = match config_path(args, environment, folder) {
        Some(path) => file::read(&path, environment, &mut problems),
        None => SettingsFile::default(),
    };
    let mut resolved =
        Resolved { settings: Settings::blank(), profiles: profiles(&file), origins: Vec::new(), warnings: Vec::new() };
    for key in KEYS {
        match value_of(key, args, environment, &file) {
            Ok(Some(won)) => {
                if let Err(words) = (key.set)(&mut resolved.settings, &won.text) {
                    let shown = shown(key, &won.text);
                    problems.add(format!("{}: `{}` {words}{shown}", won.origin, key.name));
                }
                resolved.warnings.extend(won.warning);
                let value = if key.kind == Kind::Secret { "********".to_owned() } else { won.text };
                resolved.origins.push(Origin { key: key.name, value: Some(value), origin: won.origin });
            }
            Ok(None) => {
                resolved.origins.push(Origin { key: key.name, value: None, origin: "default".to_owned() });
            }
            Err(problem) => problems.add(problem),
        }
    }
    check(&resolved, &mut problems);
    if problems.is_empty() { Ok(resolved) } else { Err(problems) }
}

fn config_path(args: &ServeArgs, environment: Environment<'_>, folder: &Path) -> Option<PathBuf> {
    let named = args.config.clone().or_else(|| environment(CONFIG_ENV).map(PathBuf::from));
    named.or_else(|| {
        let usual = folder.join(CONFIG_FILE);
        // shown as people write it
        let path = if folder == Path::new(".") { PathBuf::from(CONFIG_FILE) } else { usual };
        path.exists().then_some(path)
    })
}

/// The profiles of the file, and those built in that it does not replace.
fn profiles(file: &SettingsFile) -> Vec<ProfileEntry> {
    let is_replaced =
        |built_in: &ProfileEntry| file.profiles.iter().any(|p| p.profile.name() == built_in.profile.name());
    let mut profiles: Vec<_> = file::built_in().into_iter().filter(|built_in| !is_replaced(built_in)).collect();
    profiles.extend(file.profiles.iter().cloned());
    profiles
}

fn value_of(
    key: &Key,
    args: &ServeArgs,
    environment: Environment<'_>,
    file: &SettingsFile,
) -> Result<Option<Won>, String> {
    let flag = args.values.get(key.name);
    let won = if let Some(text) = flag {
        let origin = format!("--{}", key.flag);
        if key.kind == Kind::Secret {
            let (text, warning) =
                file::read_secret_file(Path::new(text)).map_err(|words| format!("{origin}: {words}"))?;
            Won { text, origin, warning }
        } else {
            Won { text: text.clone(), origin, warning: None }
        }
    } else if let Some(text) = environment(key.env) {
        Won { text, origin: key.env.to_owned(), warning: None }
    } else if let Some((value, place)) = file.values.get(key.name) {
        match value {
            FileValue::Text(text) => Won { text: text.clone(), origin: place.clone(), warning: None },
            FileValue::Secret(reference) => {
                let followed = reference.follow(environment);
                let (text, warning) = followed.map_err(|words| format!("{place}: `{}` {words}", key.name))?;
                Won { text, origin: format!("{place} ({})", reference.words()), warning }
            }
        }
    } else if key.default.is_empty() {
        return Ok(None);
    } else {
        return Ok(Some(Won { text: key.default.to_owned(), origin: "default".to_owned(), warning: None }));
    };
    if won.text.is_empty() {
        return Err(format!("{}: `{}` is empty; leave it out, or give it a value", won.origin, key.name));
    }
    Ok(Some(won))
}

/// The value, repeated where that helps and may be.
fn shown(key: &Key, text: &str) -> String {
    if key.kind == Kind::Secret {
        return String::new();
    }
    let short: String = text.chars().take(SHOWN).collect();
    format!(", not `{short}`")
}

/// What is wrong with settings together.
fn check(resolved: &Resolved, problems: &mut Problems) {
    let settings = &resolved.settings;
    let origin = |name: &str| {
        let found = resolved.origins.iter().find(|origin| origin.key == name);
        found.map(|origin| origin.origin.clone()).unwrap_or_default()
    };
    let wrong = |name: &str| problems.lines().iter().any(|line| line.contains(&format!("`{name}`")));
    let mut found = Vec::new();
    if settings.tls_cert.is_some() != settings.tls_key.is_some() {
        found.push("`tls.cert` and `tls.key` go together: one of them is missing".to_owned());
    }
    let listen = settings.server.listen;
    if settings.token.is_none() && !wrong("token") && !wrong("listen") && !listen.ip().to_canonical().is_loopback() {
        found.push(format!(
            "{}: `listen` {listen} can be reached from other machines, so `token` must be set: --token-file, YOI_TOKEN, or token = {{ file = \"…\" }}",
            origin("listen")
        ));
    }
    let names: Vec<&str> = resolved.profiles.iter().map(|entry| entry.profile.name()).collect();
    let default = &settings.default_profile;
    if !wrong("default_profile") && !names.contains(&default.as_str()) {
        let known = names.join(", ");
        found.push(format!(
            "{}: `default_profile` {default} is none of the profiles: {known}",
            origin("default_profile")
        ));
    }
    for problem in found {
        problems.add(problem);
    }
}
