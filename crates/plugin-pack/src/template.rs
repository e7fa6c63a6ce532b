//! The folder that a new plugin begins with.
//!
//! Owns its files and where a name goes in them. Must not overwrite anything.

use crate::kit;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What stands for the plugin's name in the files.
const NAME: &str = "PLUGIN-NAME";

const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../template/cargo.toml")),
    ("plugin.toml", include_str!("../template/plugin.toml")),
    ("src/lib.rs", include_str!("../template/src/lib.rs")),
    ("README.md", include_str!("../template/readme.md")),
    (".gitignore", include_str!("../template/gitignore")),
];

/// Why there is no new plugin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The name cannot be a plugin's id.
    #[error("`{0}` cannot be a plugin's name\nhint: 1 to 40 of a-z, 0-9 and -, beginning with a letter")]
    Name(String),
    /// Something is there already.
    #[error("{path} is there already\nhint: choose another folder", path = .0.display())]
    Exists(PathBuf),
    /// A file could not be written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Writes a new plugin into a folder, which must be empty or not be there. Returns the files, in their
/// order.
///
/// # Errors
/// If the name cannot be one, or something could not be written.
pub fn new(folder: &Path, name: &str) -> Result<Vec<PathBuf>, Error> {
    if !is_name(name) {
        return Err(Error::Name(name.to_owned()));
    }
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::Exists(folder.to_owned()));
    }
    let mut written = Vec::new();
    let mut put = |path: &str, text: &str| {
        let path = folder.join(path);
        write(&path, text)?;
        written.push(path);
        Ok::<(), Error>(())
    };
    for (path, text) in FILES {
        put(path, &text.replace(NAME, name))?;
    }
    for (path, text) in kit::WIT {
        put(&format!("kit/wit/{path}"), text)?;
    }
    put("kit/pdk/Cargo.toml", kit::PDK_CARGO)?;
    let [ours, theirs] = kit::WIT_FOLDER;
    for (path, text) in kit::PDK {
        put(&format!("kit/pdk/src/{path}"), &text.replace(ours, theirs))?;
    }
    Ok(written)
}

/// The rule of a manifest's `plugin.id`; cargo takes such names too, but for its own words.
fn is_name(name: &str) -> bool {
    let letters = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let is_word = ["test", "core", "std", "alloc", "self", "super", "crate", "build", "deps", "kit"].contains(&name);
    name.len() <= 40 && letters && name.starts_with(|c: char| c.is_ascii_lowercase()) && !is_word
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let error = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists(path.to_owned()),
        _ => Error::Io { path: path.to_owned(), source },
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(error)?;
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(error)?;
    file.write_all(text.as_bytes()).map_err(error)
}
