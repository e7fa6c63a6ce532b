//! Where things stand in a file.
//!
//! Owns places and the beginning of relative paths. Must not know what stands there.

use std::path::{Path, PathBuf};

/// The text of a file with its name, which tells places in it.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub name: &'a str,
    pub text: &'a str,
    /// What relative paths begin at.
    pub base: &'a Path,
}

impl Source<'_> {
    /// Where a byte stands.
    pub fn place(&self, at: usize) -> String {
        let before = self.text.get(..at.min(self.text.len())).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", self.name)
    }

    /// A path as it is meant.
    pub fn path(&self, text: &str) -> PathBuf {
        self.base.join(text)
    }
}

/// Where relative paths of a file begin: the workspace, which is the folder that holds `.yoi`, or
/// the file's own folder where that is not `.yoi`.
pub(super) fn base_of(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new(""));
    let is_ours = folder.file_name().is_some_and(|name| name == ".yoi");
    let base = if is_ours { folder.parent().unwrap_or(Path::new("")) } else { folder };
    base.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_begin_at_the_workspace() {
        for (file, base) in
            [(".yoi/runtime.toml", ""), ("/w/.yoi/runtime.toml", "/w"), ("/etc/yoi/x.toml", "/etc/yoi"), ("x.toml", "")]
        {
            assert_eq!(base_of(Path::new(file)), Path::new(base), "{file}");
        }
    }
}
