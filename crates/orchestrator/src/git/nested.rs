//! Whether there are repositories in a work tree.
//!
//! Owns the looking. Follows no link, and takes a tree that is too large for one that has some.

use std::path::PathBuf;

/// The most entries that are looked at.
const ENTRIES: usize = 500_000;

/// Whether there is a `.git` below the root of a work tree, or it cannot be said that there is none.
pub(super) async fn has_repository(root: PathBuf) -> bool {
    tokio::task::spawn_blocking(move || look(root)).await.unwrap_or(true)
}

fn look(root: PathBuf) -> bool {
    let mut seen = 0;
    let mut folders = vec![(root, true)];
    while let Some((folder, is_root)) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { return true };
        for entry in entries {
            let Ok(entry) = entry else { return true };
            seen += 1;
            if seen > ENTRIES {
                return true;
            }
            let is_git = entry.file_name().eq_ignore_ascii_case(".git");
            if is_git && !is_root {
                return true;
            }
            if !is_git && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push((entry.path(), false));
            }
        }
    }
    false
}
