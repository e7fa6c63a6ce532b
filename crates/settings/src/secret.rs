//! Secrets by reference.
//!
//! Owns following a reference to a secret. Must not print one, nor repeat it in an error.

use crate::file::{Source, nearest};
use std::path::{Path, PathBuf};
use toml::de::DeValue;

/// The process's variables.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The most bytes of a secret's file.
const MAX_BYTES: u64 = 64 << 10;

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// In a variable.
    Env(String),
    /// In a file, without the line end at its end.
    File(PathBuf),
}

impl Reference {
    /// Reads `{ env = "NAME" }` or `{ file = "PATH" }`.
    pub(crate) fn read(source: Source<'_>, value: &DeValue<'_>) -> Result<Reference, String> {
        let words = "is a secret: refer to it as { env = \"NAME\" } or { file = \"PATH\" }";
        let table = value.as_table().ok_or(words)?;
        let mut members = table.iter();
        let (Some((name, value)), None) = (members.next(), members.next()) else { return Err(words.to_owned()) };
        let text = value.get_ref().as_str().filter(|text| !text.is_empty()).ok_or(words)?;
        match name.get_ref().as_ref() {
            "env" => Ok(Reference::Env(text.to_owned())),
            "file" => Ok(Reference::File(source.path(text))),
            other => {
                let hint = nearest(other, ["env", "file"].into_iter());
                Err(hint.map_or(words.to_owned(), |near| format!("{words}; did you mean `{near}`?")))
            }
        }
    }

    /// The secret, and what its owner should know about where it is.
    ///
    /// # Errors
    /// When there is none at that place.
    pub fn follow(&self, environment: Environment<'_>) -> Result<(String, Option<String>), String> {
        match self {
            Reference::Env(name) => match environment(name) {
                Some(secret) => Ok((secret, None)),
                None => Err(format!("refers to the variable {name}, which is not set")),
            },
            Reference::File(path) => read_secret_file(path),
        }
    }

    /// For people.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Reference::Env(name) => format!("variable {name}"),
            Reference::File(path) => format!("file {}", path.display()),
        }
    }
}

/// Reads a secret from a file, and says where others can read it, too.
///
/// # Errors
/// When the file cannot be read, is empty, or is longer than any secret.
pub fn read_secret_file(path: &Path) -> Result<(String, Option<String>), String> {
    let cannot = |error: std::io::Error| format!("refers to {}, which cannot be read: {error}", path.display());
    let metadata = std::fs::metadata(path).map_err(cannot)?;
    if metadata.len() > MAX_BYTES {
        return Err(format!("refers to {}, which is longer than any secret", path.display()));
    }
    let text = std::fs::read_to_string(path).map_err(cannot)?;
    let secret = text.trim_end_matches(['\n', '\r']).to_owned();
    if secret.is_empty() {
        return Err(format!("refers to {}, which is empty", path.display()));
    }
    Ok((secret, exposure(path, &metadata)))
}

#[cfg(unix)]
fn exposure(path: &Path, metadata: &std::fs::Metadata) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let others = metadata.permissions().mode() & 0o077 != 0;
    let path = path.display();
    others.then(|| format!("other users of this machine can read {path}, which holds a secret; run `chmod 600 {path}`"))
}

#[cfg(not(unix))]
fn exposure(_path: &Path, _metadata: &std::fs::Metadata) -> Option<String> {
    None
}
