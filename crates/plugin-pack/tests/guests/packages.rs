//! The packages that `scripts/build-guests` leaves.
//!
//! Owns finding them, building them first, and giving one the port of a test's server. Must not
//! change them otherwise.

use manifest::edit::{self, NewGrant};
use manifest::{Capability, Grants};
use plugin_host::Package;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

/// The folder of the packages, built if anything has changed.
fn guests() -> &'static Path {
    static GUESTS: OnceLock<PathBuf> = OnceLock::new();
    GUESTS.get_or_init(|| {
        // target/debug/deps/guests-…
        let target = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/build-guests");
        let status = Command::new(script).env("CARGO_TARGET_DIR", &target).status().unwrap();
        assert!(status.success(), "scripts/build-guests failed");
        target.join("guests")
    })
}

/// A package, with a change of its manifest's text.
pub fn package(name: &str, change: impl FnOnce(String) -> String) -> Package {
    let folder = guests().join(name);
    let text = change(fs::read_to_string(folder.join("plugin.toml")).unwrap());
    Package::new(text.as_bytes(), fs::read(folder.join("plugin.wasm")).unwrap()).unwrap()
}

/// Everything that a package asks for, granted.
pub fn all_granted(package: &Package) -> Arc<Grants> {
    grants(package, &Capability::ALL)
}

/// A package that is enabled, with what it asks for of some capabilities.
pub fn grants(package: &Package, capabilities: &[Capability]) -> Arc<Grants> {
    let manifest = package.manifest();
    let targets = capabilities.iter().flat_map(|capability| manifest.targets(*capability));
    let new: Vec<NewGrant<'_>> = targets.map(|target| NewGrant { target, headers: &[] }).collect();
    let text = edit::grant("", manifest, &package.digest(), &new).unwrap();
    Arc::new(Grants::parse(&text).unwrap())
}
