//! The files of a workspace that are about plugins.
//!
//! Owns where they are, reading them, and changing what is granted. A change replaces the file as a
//! whole, keeps who may read it, and is refused where somebody else has changed it meanwhile.

use super::package::{Broken, Found, folder_of};
use super::trouble;
use crate::failure::Failure;
use manifest::{GRANTS_FILE, Grants, MAX_FILE_BYTES};
use std::ffi::OsStr;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Where its packages are.
const PACKAGES: &str = ".yoi/plugins";

/// A workspace.
pub struct Workspace {
    root: PathBuf,
}

/// What is granted.
pub struct Granted {
    /// The file's text; nothing where there is none.
    pub text: String,
    /// What it says.
    pub grants: Grants,
}

impl Workspace {
    /// The current folder's.
    pub fn here() -> Workspace {
        Workspace { root: PathBuf::from(".") }
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every package, in the order in which a host looks at them: of two with one id the first counts.
    pub fn packages(&self) -> Result<Vec<Result<Found, Broken>>, Failure> {
        let folder = self.root.join(PACKAGES);
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(trouble::io("cannot read", &folder, error)),
        };
        let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        folders.retain(|folder| folder.is_dir() && !folder.file_name().is_some_and(is_hidden));
        folders.sort();
        let mut packages: Vec<Result<Found, Broken>> = Vec::new();
        for folder in folders {
            let read = Found::read(&folder).and_then(|found| {
                let is_double = packages.iter().flatten().any(|other| other.id() == found.id());
                let name = folder.file_name().unwrap_or_default().to_string_lossy();
                let words = || format!("another package has the id `{}`\nhint: take one of the two out", found.id());
                if is_double { Err(Broken::new(&name, words())) } else { Ok(found) }
            });
            packages.push(read);
        }
        Ok(packages)
    }

    /// One package, by its id or its folder.
    pub fn find(&self, plugin: &str) -> Result<Result<Found, Broken>, Failure> {
        let path = Path::new(plugin);
        let is_path = plugin.contains('/') || plugin.starts_with('.');
        if !is_path {
            let mut known = Vec::new();
            for package in self.packages()? {
                let name = package.as_ref().map_or_else(|broken| broken.name.clone(), |found| found.id().to_owned());
                if name == plugin {
                    return Ok(package);
                }
                known.push(name);
            }
            if !path.exists() {
                let hint = match known.as_slice() {
                    [] => format!("Put its package into {PACKAGES}, or name its folder."),
                    known => format!("There are {}; or name a package's folder.", known.join(", ")),
                };
                return Err(trouble::not_found(format!("there is no plugin `{plugin}` in this workspace"), hint));
            }
        }
        if !path.exists() {
            return Err(trouble::not_found(format!("there is no {plugin}"), "Name the folder of a package."));
        }
        Ok(Found::read(&folder_of(path)))
    }

    /// What is granted.
    pub fn granted(&self) -> Result<Granted, Failure> {
        let path = self.root.join(GRANTS_FILE);
        let text = match read(&path) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => String::new(),
            text => text.map_err(|error| trouble::io("cannot read", Path::new(GRANTS_FILE), error))?,
        };
        let grants = Grants::parse(&text).map_err(|problems| {
            trouble::unusable(format!("{GRANTS_FILE} cannot be used, so that nothing of it counts\n{problems}"))
        })?;
        Ok(Granted { text, grants })
    }

    /// What a file grants.
    pub fn granted_by(path: &Path) -> Result<Grants, Failure> {
        let text = read(path).map_err(|error| trouble::io("cannot read", path, error))?;
        Grants::parse(&text).map_err(|problems| trouble::unusable(format!("{}:\n{problems}", path.display())))
    }

    /// Puts a text in place of what was read.
    pub fn replace(&self, before: &str, after: &str) -> Result<(), Failure> {
        if before == after {
            return Ok(());
        }
        let failed = |error| trouble::io("cannot write", Path::new(GRANTS_FILE), error);
        let named = self.root.join(GRANTS_FILE);
        // a link stays one
        let path = named.canonicalize().unwrap_or(named);
        let folder = path.parent().unwrap_or(&self.root);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let handle = File::open(folder).map_err(failed)?;
        handle.lock().map_err(failed)?;
        if self.granted()?.text != before {
            let message = format!("{GRANTS_FILE} was changed meanwhile, and was not touched");
            return Err(trouble::usage(message, "Run the command again."));
        }
        let mode = path.metadata().map_or(0o600, |metadata| metadata.permissions().mode() & 0o777);
        let part = folder.join(format!(".plugins.toml.{}.part", std::process::id()));
        let _ = std::fs::remove_file(&part);
        let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).and_then(|mut file| {
            file.write_all(after.as_bytes())?;
            file.set_permissions(std::fs::Permissions::from_mode(mode))?;
            file.sync_all()?;
            std::fs::rename(&part, &path)?;
            handle.sync_all()
        });
        written.map_err(|error| {
            let _ = std::fs::remove_file(&part);
            failed(error)
        })
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    // one byte more than is taken, so that too much is seen as that
    File::open(path)?.take(MAX_FILE_BYTES as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}
