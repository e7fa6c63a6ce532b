//! Plugins made of few lines.
//!
//! Owns what the other modules share; tests nothing itself.

use manifest::{Capability, Digest, Enablement, Grants, Manifest};
use std::fmt::Write;

/// The digest that every plugin here has, where nothing else is said.
pub fn package() -> Digest {
    manifest::digest(b"manifest", b"component")
}

/// A manifest with these tables of targets.
pub fn manifest_of(targets: &str) -> Manifest {
    let text = format!(
        "[plugin]\nid = \"corpus\"\nversion = \"1.0.0\"\nname = \"Corpus\"\ndescription = \"For tests.\"\n\
         api = \"yoi:plugin@0.1\"\n[component]\npath = \"plugin.wasm\"\nsha256 = \"{}\"\n{targets}",
        Digest::of(b"component"),
    );
    Manifest::parse(&text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

/// A plugin that asks for what `asked` grants, and is granted what `granted` says.
pub fn plugin(asked: &str, granted: &str) -> (Manifest, Enablement) {
    let targets = asked_as_granted(asked);
    let manifest = manifest_of(&targets);
    let text = format!("[plugins.corpus]\nenabled = true\ndigest = \"{}\"\n{granted}", package());
    let grants = Grants::parse(&text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    let enablement = Enablement::new(&manifest, &package(), grants.plugin("corpus"));
    (manifest, enablement)
}

/// The targets of grants, as a manifest asks for them.
pub fn asked_as_granted(granted: &str) -> String {
    let grants = Grants::parse(granted).unwrap_or_else(|problems| panic!("{problems}\n{granted}"));
    let mut targets = String::new();
    for (_, grant) in grants.iter() {
        for capability in Capability::ALL {
            for granted in grant.targets(capability) {
                let lines = granted.target().lines();
                let reason = if lines.contains("\nreason = ") { "" } else { "reason = \"For tests.\"\n" };
                let _ = write!(targets, "[[{capability}.targets]]\n{lines}{reason}");
            }
        }
    }
    targets
}
