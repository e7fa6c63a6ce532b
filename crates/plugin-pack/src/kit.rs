//! The WIT package and the development kit, as text, so that a new plugin has them beside it.
//!
//! Owns the list of files. Must not change them, but for where the kit finds `wit/`.

macro_rules! texts {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!($folder, $name)))),+]
    };
}

/// The files of `wit/`.
pub(crate) const WIT: &[(&str, &str)] = texts!("../../../wit/":
    "clock.wit", "emit.wit", "log.wit", "package.wit", "request.wit", "service.wit", "state.wit", "tools.wit",
    "websocket.wit",
);

/// The files of the kit's `src/`.
pub(crate) const PDK: &[(&str, &str)] = texts!("../../plugin-pdk/src/":
    "bindings.rs", "clock.rs", "emit.rs", "lib.rs", "log.rs", "register.rs", "request.rs", "service.rs",
    "state.rs", "steady/backoff.rs", "steady/heartbeat.rs", "steady/mod.rs", "steady/resume.rs", "tools.rs",
    "websocket.rs",
);

/// The kit's `Cargo.toml` outside of our workspace.
pub(crate) const PDK_CARGO: &str = include_str!("../template/kit.toml");

/// Where the kit's bindings look for `wit/`: in our tree, and beside a new plugin.
pub(crate) const WIT_FOLDER: [&str; 2] = ["\"../../wit\"", "\"../wit\""];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn files(folder: &Path, before: &str, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let name = format!("{before}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                files(&entry.path(), &format!("{name}/"), found);
            } else {
                found.insert(name);
            }
        }
    }

    #[test]
    fn no_file_is_forgotten() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (folder, listed) in [("../../wit", WIT), ("../plugin-pdk/src", PDK)] {
            let mut found = BTreeSet::new();
            files(&here.join(folder), "", &mut found);
            assert_eq!(listed.iter().map(|(name, _)| (*name).to_owned()).collect::<BTreeSet<_>>(), found);
        }
    }

    #[test]
    fn the_kit_finds_its_wit_beside_a_new_plugin() {
        let (_, bindings) = PDK.iter().find(|(name, _)| *name == "bindings.rs").unwrap();
        assert_eq!(bindings.matches(WIT_FOLDER[0]).count(), 2);
    }

    #[test]
    fn the_kit_has_the_dependencies_that_it_has_here() {
        let ours = include_str!("../../../Cargo.toml");
        let line = PDK_CARGO.lines().find(|line| line.starts_with("wit-bindgen")).unwrap();
        assert!(ours.lines().any(|own| own == line), "{line}");
    }
}
