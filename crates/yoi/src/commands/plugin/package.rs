//! A package that was read, or cannot be used.
//!
//! Owns the way from a folder to either. Must not run anything of it.

use super::trouble;
use crate::failure::Failure;
use manifest::{MANIFEST_FILE, Manifest, Problem};
use plugin_host::{Package, PackageError};
use plugin_pack::Interfaces;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A package of which manifest and component fit together.
pub struct Found {
    /// What was read.
    pub package: Package,
}

/// A package that cannot be used.
#[derive(Debug)]
pub struct Broken {
    /// Its folder's name, for want of a better one.
    pub name: String,
    /// What is wrong.
    pub problems: Vec<Wrong>,
}

/// One thing that is wrong with a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// Where, if it is in the manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Where in the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What.
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hint: String,
}

impl Found {
    /// Reads a folder.
    pub fn read(folder: &Path) -> Result<Found, Broken> {
        match Package::read(folder) {
            Ok(package) => Ok(Found { package }),
            Err(error) => Err(Broken { name: name_of(folder), problems: Wrong::of_package(&error) }),
        }
    }

    /// What it is and asks for.
    pub fn manifest(&self) -> &Manifest {
        self.package.manifest()
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.manifest().plugin().id
    }

    /// What the component imports and exports, which is read and not run.
    pub fn interfaces(&self) -> Result<Interfaces, Broken> {
        Interfaces::of(self.package.component())
            .map_err(|error| Broken { name: self.id().to_owned(), problems: vec![Wrong::new(error)] })
    }
}

impl Broken {
    /// With one thing that is wrong.
    pub fn new(name: &str, message: impl ToString) -> Broken {
        Broken { name: name.to_owned(), problems: vec![Wrong::new(message)] }
    }

    /// Everything that is wrong, each with its place and hint.
    pub fn words(&self) -> String {
        self.problems.iter().map(Wrong::words).collect::<Vec<_>>().join("\n")
    }
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Failure {
        trouble::broken(format!("the package of `{}` cannot be used\n{}", broken.name, broken.words()))
    }
}

impl Wrong {
    /// Words, with their hint if they hold one.
    pub fn new(message: impl ToString) -> Wrong {
        let words = message.to_string();
        let (message, hint) = words.split_once("\nhint: ").unwrap_or((&words, ""));
        Wrong { line: None, column: None, message: message.to_owned(), hint: hint.to_owned() }
    }

    /// One line, and one for the hint.
    pub fn words(&self) -> String {
        let place = match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{MANIFEST_FILE}:{line}:{column}: "),
            _ => String::new(),
        };
        let hint = if self.hint.is_empty() { String::new() } else { format!("\n  hint: {}", self.hint) };
        format!("{place}{}{hint}", self.message)
    }

    fn of_package(error: &PackageError) -> Vec<Wrong> {
        match error {
            PackageError::Manifest(problems) => problems.iter().map(Wrong::of_manifest).collect(),
            // the path within the package says as much and is the same everywhere
            PackageError::Read { path, source } => {
                vec![Wrong::new(format!("{} cannot be read: {source}", name_of(path)))]
            }
            error => vec![Wrong::new(error)],
        }
    }

    fn of_manifest(problem: &Problem) -> Wrong {
        Wrong {
            line: Some(problem.line),
            column: Some(problem.column),
            message: problem.message.clone(),
            hint: problem.hint.clone(),
        }
    }
}

/// The folder of a package that was named by its folder or its manifest.
pub fn folder_of(path: &Path) -> PathBuf {
    let is_manifest = path.file_name().is_some_and(|name| name == MANIFEST_FILE) && path.is_file();
    let folder = if is_manifest { path.parent().unwrap_or(path) } else { path };
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() }
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
