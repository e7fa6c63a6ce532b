//! Compiled code.
//!
//! Owns what was compiled: in memory, one pre-instantiated component for each digest and set of
//! granted interfaces; on disk, wasmtime's own cache, in a folder that only the host's user may enter.
//!
//! `Component::deserialize` would run whatever machine code it is given, which is why it is `unsafe`
//! and why nothing here calls it. Wasmtime's cache is the safe way to the same end: its keys are
//! hashes of the component's bytes, of wasmtime's version and of every setting of the engine that
//! matters, and it is only ever asked with bytes whose digest was checked. No file of a package is
//! ever taken as compiled code.

use crate::bindings::{service, tools};
use crate::engine::Engine;
use crate::imports::{self, Interfaces, LinkError};
use crate::instance::Guest;
use manifest::Digest;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use wasmtime::component::{Component, InstancePre};

/// A component that is ready to be instantiated.
pub(crate) struct Prepared {
    pub pre: InstancePre<Guest>,
    pub service: Option<service::GuestIndices>,
    pub tools: Option<tools::GuestIndices>,
}

/// Everything that is compiled and in use.
pub(crate) struct Compiled {
    engine: Engine,
    components: Mutex<HashMap<Digest, Component>>,
    prepared: Mutex<HashMap<(Digest, Interfaces), Weak<Prepared>>>,
}

/// The folder for compiled code cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It cannot be made or looked at.
    #[error("the folder for compiled code, {path}, cannot be used: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else could put code into it.
    #[error("the folder for compiled code, {path}, is open to others (mode {mode:o})\nhint: chmod 700 {path}")]
    Open {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

impl Compiled {
    pub fn new(engine: Engine) -> Compiled {
        Compiled { engine, components: Mutex::default(), prepared: Mutex::default() }
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What is ready already.
    pub fn ready(&self, digest: Digest, granted: Interfaces) -> Option<Arc<Prepared>> {
        self.prepared.lock().get(&(digest, granted)).and_then(Weak::upgrade)
    }

    /// Compiles a component, unless it is, and links what is granted. Takes its time, and every core: not for
    /// a thread that others wait for, and one after the other.
    pub fn prepare(&self, digest: Digest, bytes: &[u8], granted: Interfaces) -> Result<Arc<Prepared>, LinkError> {
        if let Some(prepared) = self.ready(digest, granted) {
            return Ok(prepared);
        }
        let known = self.components.lock().get(&digest).cloned();
        let component = match known {
            Some(component) => component,
            None => Component::from_binary(&self.engine.wasm, bytes).map_err(LinkError::Component)?,
        };
        let prepared = Arc::new(imports::link(&self.engine.wasm, &component, granted)?);
        self.components.lock().insert(digest, component);
        self.prepared.lock().insert((digest, granted), Arc::downgrade(&prepared));
        Ok(prepared)
    }

    /// Forgets what nobody uses.
    pub fn prune(&self) {
        let mut prepared = self.prepared.lock();
        prepared.retain(|_, prepared| prepared.strong_count() > 0);
        self.components.lock().retain(|digest, _| prepared.keys().any(|(used, _)| used == digest));
    }
}

/// Makes the folder for compiled code, or refuses one that others may write to.
pub(crate) fn folder(path: &Path) -> Result<(), CacheError> {
    let failed = |source| CacheError::Folder { path: path.to_owned(), source };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed)?;
    let metadata = std::fs::symlink_metadata(path).map_err(failed)?;
    if !metadata.is_dir() {
        return Err(failed(io::ErrorKind::NotADirectory.into()));
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(CacheError::Open { path: path.to_owned(), mode });
        }
    }
    Ok(())
}
