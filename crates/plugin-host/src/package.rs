//! A package on disk: a folder with `plugin.toml` and a component.
//!
//! Owns reading it whole and checking that it is what its manifest says. Must not run it.

use manifest::{Digest, MANIFEST_FILE, Manifest, Problems};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// Bytes of the largest component that is read.
const MAX_COMPONENT_BYTES: u64 = 64 << 20;

/// A package that was read.
#[derive(Clone, Debug)]
pub struct Package {
    manifest: Arc<Manifest>,
    component: Arc<[u8]>,
    digest: Digest,
}

/// A package that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// A file of it cannot be read.
    #[error("{path} cannot be read: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The manifest is wrong.
    #[error("{0}")]
    Manifest(Problems),
    /// The manifest is not text.
    #[error("{MANIFEST_FILE} is not UTF-8")]
    NotText,
    /// The manifest names a component outside of the package.
    #[error("`{0}` is not in the package\nhint: `path` in [component] is a file beside plugin.toml or below it")]
    Outside(Box<str>),
    /// Something is larger than a package may hold.
    #[error("{path} is larger than {limit} bytes")]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// What is allowed.
        limit: u64,
    },
    /// The component is not the one that the manifest names.
    #[error(
        "the component is {found}, and the manifest says {said}\nhint: `yoi plugin pack` writes `sha256` in [component]"
    )]
    Digest {
        /// By the manifest.
        said: Digest,
        /// By its bytes.
        found: Digest,
    },
}

impl Package {
    /// Reads a folder. Files are read without following links out of it.
    ///
    /// # Errors
    /// When a file is missing, too large, or not what the manifest says.
    pub fn read(folder: &Path) -> Result<Package, PackageError> {
        let text = bounded(&folder.join(MANIFEST_FILE), manifest::MAX_FILE_BYTES as u64)?;
        let manifest = parse(&text)?;
        let path = inside(folder, &manifest.component().path)?;
        Package::checked(manifest, &text, bounded(&path, MAX_COMPONENT_BYTES)?)
    }

    /// A package of these bytes.
    ///
    /// # Errors
    /// When they are not what the manifest says.
    pub fn new(text: &[u8], component: Vec<u8>) -> Result<Package, PackageError> {
        Package::checked(parse(text)?, text, component)
    }

    fn checked(manifest: Manifest, text: &[u8], component: Vec<u8>) -> Result<Package, PackageError> {
        let (said, found) = (manifest.component().sha256, Digest::of(&component));
        if said != found {
            return Err(PackageError::Digest { said, found });
        }
        let digest = manifest::digest(text, &component);
        Ok(Package { manifest: Arc::new(manifest), component: component.into(), digest })
    }

    /// What it is and asks for.
    #[must_use]
    pub fn manifest(&self) -> &Arc<Manifest> {
        &self.manifest
    }

    /// Its code.
    #[must_use]
    pub fn component(&self) -> &Arc<[u8]> {
        &self.component
    }

    /// Of manifest and component together.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

fn parse(text: &[u8]) -> Result<Manifest, PackageError> {
    let text = std::str::from_utf8(text).map_err(|_| PackageError::NotText)?;
    Manifest::parse(text).map_err(PackageError::Manifest)
}

/// A path of the manifest, held to the folder.
fn inside(folder: &Path, path: &str) -> Result<PathBuf, PackageError> {
    let outside = || PackageError::Outside(path.into());
    let is_plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if !is_plain || path.is_empty() {
        return Err(outside());
    }
    let joined = folder.join(path);
    let read = |path: &Path| path.canonicalize().map_err(|source| PackageError::Read { path: path.to_owned(), source });
    let (root, real) = (read(folder)?, read(&joined)?);
    if real.starts_with(&root) { Ok(real) } else { Err(outside()) }
}

fn bounded(path: &Path, limit: u64) -> Result<Vec<u8>, PackageError> {
    let failed = |source| PackageError::Read { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(failed(io::ErrorKind::InvalidInput.into()));
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(PackageError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}
