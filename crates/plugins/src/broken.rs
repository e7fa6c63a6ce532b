//! What is wrong with a workspace's files, in words.
//!
//! Owns what of it may be said in a stream. Must not say a path there: only the log has that.

use manifest::MANIFEST_FILE;
use plugin_host::PackageError;

/// A package, or what goes with it, that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The package's folder, which should be called as the plugin.
    pub plugin: String,
    /// For whoever watches.
    pub words: String,
    /// For the log.
    pub detail: String,
}

impl Broken {
    /// A package that does not hold.
    pub fn package(plugin: String, error: &PackageError) -> Broken {
        let words = match error {
            PackageError::Read { .. } => "a file of the package cannot be read".to_owned(),
            PackageError::TooLarge { limit, .. } => format!("a file of the package is larger than {limit} bytes"),
            PackageError::NotText | PackageError::Outside(_) | PackageError::Digest { .. } => error.to_string(),
            PackageError::Manifest(_) => format!("its {MANIFEST_FILE} is wrong; `yoi plugin check` tells where"),
        };
        Broken { plugin, words, detail: error.to_string() }
    }

    /// A configuration that is no JSON object, or cannot be read.
    pub fn config(plugin: &str, detail: String) -> Broken {
        let words = format!("its configuration, {plugin}.json, is not a JSON object; it is given {{}}");
        Broken { plugin: plugin.to_owned(), words, detail }
    }
}
