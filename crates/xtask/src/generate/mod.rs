//! Files that are generated and committed.
//!
//! Owns which files there are. Their text is made from the types' JSON Schema, from the fold, from
//! the table of codes and from the tables of settings, and from nothing else.

mod configuration;
#[cfg(test)]
mod embedding_page;
mod errors;
mod fold_vectors;
mod schema;
mod typescript;
#[cfg(test)]
mod wire_page;

use crate::Problems;
use std::fs;
use std::path::Path;

/// Every generated file with its text.
fn files() -> [(&'static str, String); 6] {
    let defs = schema::definitions();
    [
        ("schema/yoi-protocol.schema.json", schema::document(&defs)),
        ("schema/fold-vectors.json", fold_vectors::file()),
        ("clients/typescript/src/generated/protocol.ts", typescript::module(&defs)),
        ("crates/workspace-server/openapi.json", yoi_workspace_server::openapi(&defs)),
        ("docs/errors.md", errors::page()),
        ("docs/configuration.md", configuration::page()),
    ]
}

/// Writes what differs.
pub fn write(root: &Path) -> Problems {
    let mut problems = Problems::new();
    for (name, text) in files() {
        let path = root.join(name);
        if fs::read_to_string(&path).is_ok_and(|found| found == text) {
            continue;
        }
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        match written {
            Ok(()) => println!("wrote {name}"),
            Err(error) => problems.push(format!("{name}: {error}")),
        }
    }
    problems
}

/// Names what differs.
pub fn check(root: &Path) -> Problems {
    let stale = |(name, text): (&str, String)| match fs::read_to_string(root.join(name)) {
        Ok(found) if found == text => None,
        Ok(_) => Some(format!("{name} is stale: run `cargo run -p xtask -- generate`")),
        Err(error) => Some(format!("{name}: {error}")),
    };
    files().into_iter().filter_map(stale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generating_twice_gives_the_same() {
        assert_eq!(files(), files());
    }

    #[test]
    fn a_stale_file_is_named() {
        let root = std::env::temp_dir().join(format!("xtask-generate-{}", std::process::id()));
        assert_eq!(check(&root).len(), files().len());
        assert_eq!(write(&root), Problems::new());
        assert_eq!(check(&root), Problems::new());
        fs::write(root.join("docs/errors.md"), "old").unwrap();
        let found = check(&root);
        assert!(found.len() == 1 && found[0].starts_with("docs/errors.md is stale"), "{found:?}");
        fs::remove_dir_all(root).unwrap();
    }
}
