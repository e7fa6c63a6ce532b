//! Which source each setting's value comes from.
//!
//! Owns the order: flag, variable, file, default. Must not read the process's own environment: it
//! is handed in.

use crate::file::{self, FileValue, Reading, Values};
use crate::flags::Flags;
use crate::key::{Key, Kind};
use crate::problems::Problems;
use crate::secret::{Environment, read_secret_file};
use crate::show::Report;
use crate::table::Table;
use std::path::{Path, PathBuf};

/// The most characters of a wrong value that are repeated.
const SHOWN: usize = 80;
/// What stands for a secret.
const MASK: &str = "********";

/// A setting, its value as it was written, and where that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The setting's name.
    pub key: &'static str,
    /// None where there is none; a secret is masked.
    pub value: Option<String>,
    /// The flag, the variable, the place in the file, or `default`.
    pub origin: String,
}

/// Settings that were read, before what is wrong with them together has been looked for.
pub struct Draft<S: 'static> {
    /// The settings.
    pub settings: S,
    /// What is wrong so far.
    pub problems: Problems,
    /// What the operator should know.
    pub warnings: Vec<String>,
    /// The file that was read.
    pub file: Option<PathBuf>,
    origins: Vec<Origin>,
    table: &'static Table<S>,
}

/// The settings, and where each comes from.
#[derive(Debug)]
pub struct Resolved<S> {
    /// The settings.
    pub settings: S,
    /// Where each comes from.
    pub report: Report,
    /// What the operator should know.
    pub warnings: Vec<String>,
    /// The file that was read.
    pub file: Option<PathBuf>,
}

/// The value of a setting that won.
struct Won {
    text: String,
    origin: String,
    warning: Option<String>,
}

impl<S> Table<S> {
    /// Reads every source into `blank`. `folder` is where the default file is looked for.
    pub fn resolve(&'static self, blank: S, flags: &Flags, environment: Environment<'_>, folder: &Path) -> Draft<S> {
        let file = self.file_path(flags, environment, folder);
        let mut draft = Draft {
            settings: blank,
            problems: Problems::default(),
            warnings: Vec::new(),
            file,
            origins: Vec::new(),
            table: self,
        };
        let values = match &draft.file {
            Some(path) => {
                let (problems, warnings) = (&mut draft.problems, &mut draft.warnings);
                file::read(self, path, &mut draft.settings, &mut Reading { environment, problems, warnings })
            }
            None => Values::new(),
        };
        for key in self.used() {
            match value_of(key, flags, environment, &values) {
                Ok(won) => draft.set(key, won),
                Err(problem) => draft.problems.add(problem),
            }
        }
        draft
    }

    fn file_path(&self, flags: &Flags, environment: Environment<'_>, folder: &Path) -> Option<PathBuf> {
        let named = flags.file.clone().or_else(|| environment(self.file.env).map(PathBuf::from));
        named.or_else(|| {
            // shown as people write it
            let usual = Path::new(self.file.path);
            let path = if folder == Path::new(".") { usual.to_owned() } else { folder.join(usual) };
            path.exists().then_some(path)
        })
    }
}

impl<S> Draft<S> {
    fn set(&mut self, key: &Key<S>, won: Option<Won>) {
        let Some(won) = won else {
            self.origins.push(Origin { key: key.name, value: None, origin: "default".to_owned() });
            return;
        };
        if let Err(words) = (key.set)(&mut self.settings, &won.text) {
            let shown = shown(key, &won.text);
            self.problems.add(format!("{}: `{}` {words}{shown}", won.origin, key.name));
        }
        self.warnings.extend(won.warning);
        let value = if key.kind == Kind::Secret { MASK.to_owned() } else { won.text };
        self.origins.push(Origin { key: key.name, value: Some(value), origin: won.origin });
    }

    /// Where a setting's value comes from.
    #[must_use]
    pub fn origin(&self, name: &str) -> &str {
        let found = self.origins.iter().find(|origin| origin.key == name);
        found.map(|origin| origin.origin.as_str()).unwrap_or_default()
    }

    /// Tells the value of a setting that follows from something else.
    pub fn follows(&mut self, name: &str, value: impl Into<String>, from: impl Into<String>) {
        if let Some(origin) = self.origins.iter_mut().find(|origin| origin.key == name) {
            origin.value = Some(value.into());
            origin.origin = from.into();
        }
    }

    /// Whether something is wrong with this setting, so that what follows from it need not be told.
    #[must_use]
    pub fn is_wrong(&self, name: &str) -> bool {
        self.problems.lines().iter().any(|line| line.contains(&format!("`{name}`")))
    }

    /// Whether something is wrong within this section.
    #[must_use]
    pub fn is_wrong_in(&self, section: &str) -> bool {
        let beginnings = [format!("`{section}."), format!("`{section}["), format!("`{section}`")];
        self.problems.lines().iter().any(|line| beginnings.iter().any(|beginning| line.contains(beginning)))
    }

    /// The settings, where nothing is wrong with them.
    ///
    /// # Errors
    /// When something is.
    pub fn finish(self) -> Result<Resolved<S>, Problems> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let items = self.table.sections.iter().map(|section| (section.name, (section.items)(&self.settings)));
        let report = Report { title: self.table.title, origins: self.origins, items: items.collect() };
        Ok(Resolved { settings: self.settings, report, warnings: self.warnings, file: self.file })
    }
}

fn value_of<S>(
    key: &Key<S>,
    flags: &Flags,
    environment: Environment<'_>,
    file: &Values,
) -> Result<Option<Won>, String> {
    let won = if let Some(text) = flags.values.get(key.name) {
        let origin = format!("--{}", key.flag);
        if key.kind == Kind::Secret {
            let (text, warning) = read_secret_file(Path::new(text)).map_err(|words| format!("{origin}: {words}"))?;
            Won { text, origin, warning }
        } else {
            Won { text: text.clone(), origin, warning: None }
        }
    } else if let Some(text) = environment(key.env) {
        Won { text, origin: key.env.to_owned(), warning: None }
    } else if let Some((value, place)) = file.get(key.name) {
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
fn shown<S>(key: &Key<S>, text: &str) -> String {
    if key.kind == Kind::Secret {
        return String::new();
    }
    let short: String = text.chars().take(SHOWN).collect();
    format!(", not `{short}`")
}
