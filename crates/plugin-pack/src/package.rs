//! A package of a plugin's folder: a manifest with its digest, and the component.
//!
//! Owns finding the code, writing the digest and checking the whole. Must not change the author's own
//! files.

use crate::{ComponentizeError, Interfaces, InterfacesError, Remark, World, componentize, componentize_as};
use manifest::{Digest, MANIFEST_FILE, Manifest, Problems, digest};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where a package is written if nothing else is said, in the plugin's folder.
pub const PACKAGE_FOLDER: &str = "package";

/// Where cargo leaves what it built, below its target folder.
const CARGO_OUTPUT: &str = "wasm32-unknown-unknown/release";

/// How to pack.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The module or component. Without it, it is looked for: see [`Built::find`].
    pub code: Option<PathBuf>,
    /// The folder to write to. Without it, [`PACKAGE_FOLDER`].
    pub into: Option<PathBuf>,
    /// The world of a module that does not say it itself.
    pub world: Option<World>,
}

/// Where the code was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built(PathBuf);

/// A package that was written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Package {
    /// The folder.
    pub folder: PathBuf,
    /// The manifest, as it was written.
    pub manifest: Manifest,
    /// Of manifest and component: what a grant names.
    pub digest: Digest,
    /// What the component imports and exports.
    pub interfaces: Interfaces,
    /// The component's size.
    pub component_bytes: u64,
    /// What is odd, but not wrong.
    pub remarks: Vec<Remark>,
}

/// Why there is no package.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no code, or more than one could be meant.
    #[error("{0}")]
    NoCode(String),
    /// `plugin.toml` is not TOML.
    #[error("{MANIFEST_FILE}: {0}")]
    Toml(String),
    /// `plugin.toml` is not a manifest.
    #[error(transparent)]
    Manifest(#[from] Problems),
    /// The code cannot become a component.
    #[error(transparent)]
    Component(#[from] ComponentizeError),
    /// The component is no plugin.
    #[error(transparent)]
    Interfaces(#[from] InterfacesError),
    /// The component is not the one that the manifest names.
    #[error("the component's digest is {found}, and {MANIFEST_FILE} says {expected}")]
    OtherComponent {
        /// What the manifest says.
        expected: Digest,
        /// What the file has.
        found: Digest,
    },
}

impl Built {
    /// Looks for the code of a plugin's folder: the file at `component.path`; else, beside a
    /// `Cargo.toml`, the only `.wasm` that a release build for `wasm32-unknown-unknown` left.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn find(folder: &Path, component_path: &str) -> Result<Built, Error> {
        let named = folder.join(component_path);
        if named.is_file() {
            return Ok(Built(named));
        }
        let built = folder.join("target").join(CARGO_OUTPUT);
        let entries = fs::read_dir(&built).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut found: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == "wasm")).collect();
        found.sort();
        match found.as_slice() {
            [one] => Ok(Built(one.clone())),
            [] => Err(Error::NoCode(format!(
                "there is no code: neither {} nor a .wasm in {}\nhint: build it first, or name it with --code",
                named.display(),
                built.display()
            ))),
            _ => Err(Error::NoCode(format!(
                "{} holds more than one .wasm\nhint: name the one that is meant with --code",
                built.display()
            ))),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// Makes a package of a plugin's folder: makes a component of its code, writes its digest into a copy of
/// `plugin.toml`, and checks the whole. The same code and manifest make the same package.
///
/// # Errors
/// If anything is wrong; then nothing was written.
pub fn pack(folder: &Path, options: &Options) -> Result<Package, Error> {
    let source = folder.join(MANIFEST_FILE);
    let text = fs::read_to_string(&source).map_err(|error| io_error(&source, error))?;
    let mut document: toml_edit::DocumentMut =
        text.parse().map_err(|e: toml_edit::TomlError| Error::Toml(e.to_string()))?;
    let component = document.get_mut("component").and_then(toml_edit::Item::as_table_like_mut);
    let Some(component) = component else {
        // the manifest's own reader says it best
        Manifest::parse(&text)?;
        return Err(Error::Toml("there is no [component]".to_owned()));
    };
    let path = component.get("path").and_then(toml_edit::Item::as_str).unwrap_or("plugin.wasm").to_owned();
    let code = match &options.code {
        Some(code) => code.clone(),
        None => Built::find(folder, &path)?.path().to_owned(),
    };
    let core = fs::read(&code).map_err(|error| io_error(&code, error))?;
    let bytes = match options.world {
        Some(world) => componentize_as(&core, world)?,
        None => componentize(&core)?,
    };
    component.insert("sha256", toml_edit::value(Digest::of(&bytes).to_string()));
    let text = document.to_string();
    let into = options.into.clone().unwrap_or_else(|| folder.join(PACKAGE_FOLDER));
    let package = checked(&into, &text, &bytes)?;
    // the manifest last: a folder without one is no package
    let component = into.join(&*package.manifest.component().path);
    write(&component, &bytes)?;
    write(&into.join(MANIFEST_FILE), text.as_bytes())?;
    Ok(package)
}

/// Reads a package and checks the whole, without running anything.
///
/// # Errors
/// If it is not as [`pack`] leaves it.
pub fn read(folder: &Path) -> Result<Package, Error> {
    let path = folder.join(MANIFEST_FILE);
    let text = fs::read_to_string(&path).map_err(|error| io_error(&path, error))?;
    let component = folder.join(&*Manifest::parse(&text)?.component().path);
    let bytes = fs::read(&component).map_err(|error| io_error(&component, error))?;
    checked(folder, &text, &bytes)
}

fn checked(folder: &Path, text: &str, component: &[u8]) -> Result<Package, Error> {
    let manifest = Manifest::parse(text)?;
    let (expected, found) = (manifest.component().sha256, Digest::of(component));
    if expected != found {
        return Err(Error::OtherComponent { expected, found });
    }
    let interfaces = Interfaces::of(component)?;
    let remarks = interfaces.remarks(&manifest);
    Ok(Package {
        folder: folder.to_owned(),
        digest: digest(text.as_bytes(), component),
        manifest,
        interfaces,
        component_bytes: component.len() as u64,
        remarks,
    })
}

/// Writes a file beside its place and moves it there, so that nobody reads half of one.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| io_error(folder, error))?;
    }
    let beside = path.with_extension("new");
    fs::write(&beside, bytes).map_err(|error| io_error(&beside, error))?;
    fs::rename(&beside, path).map_err(|error| io_error(path, error))
}

fn io_error(path: &Path, source: io::Error) -> Error {
    Error::Io { path: path.to_owned(), source }
}
