//! Where a workspace's plugins are.
//!
//! Owns the names of files. Must not read them.

use std::path::{Path, PathBuf};

/// The files of a workspace that are about plugins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// The folder of packages: `<id>/plugin.toml`, and `<id>.json`, which a plugin is configured with.
    pub packages: PathBuf,
    /// The file of grants.
    pub grants: PathBuf,
}

impl Places {
    /// What a plugin is configured with.
    pub(crate) fn config(&self, id: &str) -> PathBuf {
        self.packages.join(format!("{id}.json"))
    }
}

/// What plugins are run with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where they are.
    pub places: Places,
    /// The folder that files with credentials are named from.
    pub workspace: PathBuf,
    /// Where their states and their compiled code are kept. `None` keeps nothing across a restart.
    pub data: Option<PathBuf>,
}

impl Options {
    /// The host's own options, without a sink of its own.
    pub(crate) fn host(&self, sink: std::sync::Arc<dyn plugin_host::Sink>) -> plugin_host::Options {
        let options = plugin_host::Options::new(&self.workspace, sink);
        let Some(data) = self.data.as_deref() else { return options };
        let storage = std::sync::Arc::new(plugin_host::FolderStorage::new(data.join("state")));
        plugin_host::Options { code: Some(absolute(&data.join("code"))), storage, ..options }
    }
}

/// As it is where there is no current folder.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
