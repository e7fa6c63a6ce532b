//! Which interfaces a component imports and exports.
//!
//! Owns reading them without running anything, and what is odd about them beside a manifest. Must not
//! refuse for a capability: the host does, by what is granted.

use manifest::{Capability, Manifest};
use std::collections::BTreeSet;
use std::fmt;
use wit_parser::decoding::{DecodedWasm, decode};

/// What this version's interfaces are called, before and after their name.
const BEFORE: &str = "yoi:plugin/";
const AFTER: &str = "@0.1.0";
const IMPORTS: [&str; 6] = ["request", "websocket", "log", "clock", "state", "emit"];

/// The interfaces of a component, without package and version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interfaces {
    /// What it uses of the host.
    pub imports: BTreeSet<String>,
    /// What it offers: `service`, `tools` or both.
    pub exports: BTreeSet<String>,
}

/// Why a component is no plugin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not a component.
    #[error("this is not a component: {0}")]
    Unreadable(String),
    /// It needs what no host of plugins has.
    #[error("the component imports `{0}`, which plugins do not have")]
    ForeignImport(String),
    /// It has nothing to call.
    #[error("the component exports neither `service` nor `tools`")]
    NoExports,
}

/// What is odd, but not wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remark {
    /// The manifest asks for targets of a capability that the code does not use.
    Unused(Capability),
    /// The code uses a capability of which the manifest asks for nothing.
    Unasked(Capability),
}

impl Interfaces {
    /// Reads them from a component.
    ///
    /// # Errors
    /// If it is no plugin.
    pub fn of(component: &[u8]) -> Result<Interfaces, Error> {
        let decoded = decode(component).map_err(|error| Error::Unreadable(format!("{error:#}")))?;
        let DecodedWasm::Component(resolve, world) = decoded else {
            return Err(Error::Unreadable("it is a WIT package".to_owned()));
        };
        let Some(world) = resolve.worlds.get(world) else {
            return Err(Error::Unreadable("it has no world".to_owned()));
        };
        let mut imports = BTreeSet::new();
        for name in world.imports.keys().map(|key| resolve.name_world_key(key)) {
            match ours(&name).filter(|name| IMPORTS.contains(name)) {
                Some(own) => imports.insert(own.to_owned()),
                None => return Err(Error::ForeignImport(name)),
            };
        }
        let names = world.exports.keys().map(|key| resolve.name_world_key(key));
        let exports: BTreeSet<String> = names.filter_map(|name| ours(&name).map(str::to_owned)).collect();
        if !exports.contains("service") && !exports.contains("tools") {
            return Err(Error::NoExports);
        }
        Ok(Interfaces { imports, exports })
    }

    /// What is odd about them beside a manifest.
    #[must_use]
    pub fn remarks(&self, manifest: &Manifest) -> Vec<Remark> {
        let mut remarks = Vec::new();
        for capability in Capability::ALL {
            match (manifest.targets(capability).is_empty(), self.imports.contains(capability.word())) {
                (false, false) => remarks.push(Remark::Unused(capability)),
                (true, true) => remarks.push(Remark::Unasked(capability)),
                _ => {}
            }
        }
        remarks
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remark::Unused(capability) => {
                write!(f, "the manifest asks for targets of `{capability}`, but the code does not use it")
            }
            Remark::Unasked(capability) => {
                write!(f, "the code uses `{capability}`, but the manifest asks for no target: no host will start it")
            }
        }
    }
}

fn ours(name: &str) -> Option<&str> {
    name.strip_prefix(BEFORE)?.strip_suffix(AFTER)
}
