//! What a component imports and exports.
//!
//! Owns the look at both before anything is linked, and the linking of what is granted and nothing
//! else. Must not link a second way out: an import that is not this host's is refused by its name.

use crate::bindings::{clock, emit, log, request, service, state, tools, websocket};
use crate::cache::Prepared;
use crate::instance::Guest;
use manifest::Capability;
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

/// The package that is linked, and its version.
const PACKAGE: &str = "yoi:plugin/";
const VERSION: &str = "@0.1.0";

/// Interfaces that every plugin has.
const FREE: [&str; 4] = ["log", "clock", "state", "emit"];

/// Which of the two capabilities are linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Interfaces {
    pub request: bool,
    pub websocket: bool,
}

/// A component that cannot be linked.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// It is no component, or not one that this host can compile.
    #[error("the component cannot be read: {0}")]
    Component(wasmtime::Error),
    /// It imports a capability that is not granted, or not asked for.
    #[error(
        "the component imports `{import}`, and there is no {capability} target that is both asked for and granted\n\
         hint: `[[{capability}.targets]]` in plugin.toml asks, `yoi plugin grant` grants"
    )]
    Missing {
        /// As the component names it.
        import: String,
        /// The capability.
        capability: Capability,
    },
    /// It imports what no plugin has.
    #[error("the component imports `{import}`, which plugins do not have\nhint: {hint}")]
    Foreign {
        /// As the component names it.
        import: String,
        /// What to do.
        hint: &'static str,
    },
    /// It exports neither a service nor tools.
    #[error("the component exports neither `yoi:plugin/service` nor `yoi:plugin/tools`")]
    Nothing,
    /// Its types are not those of the WIT package.
    #[error("the component does not fit: {0}")]
    Types(wasmtime::Error),
}

impl Interfaces {
    fn has(self, capability: Capability) -> bool {
        match capability {
            Capability::Request => self.request,
            Capability::Websocket => self.websocket,
        }
    }
}

/// Links a component.
pub(crate) fn link(engine: &Engine, component: &Component, granted: Interfaces) -> Result<Prepared, LinkError> {
    let kind = component.component_type();
    for (import, _) in kind.imports(engine) {
        check(import, granted)?;
    }
    let exports = |interface| kind.exports(engine).any(|(name, _)| own(name) == Some(interface));
    let linker = linker(engine, granted).map_err(LinkError::Types)?;
    let pre = linker.instantiate_pre(component).map_err(LinkError::Types)?;
    let service = exports("service").then(|| service::GuestIndices::new(&pre)).transpose().map_err(LinkError::Types)?;
    let tools = exports("tools").then(|| tools::GuestIndices::new(&pre)).transpose().map_err(LinkError::Types)?;
    if service.is_none() && tools.is_none() {
        return Err(LinkError::Nothing);
    }
    Ok(Prepared { pre, service, tools })
}

fn check(import: &str, granted: Interfaces) -> Result<(), LinkError> {
    let interface = own(import);
    let capability = match interface {
        Some(name) if FREE.contains(&name) => return Ok(()),
        Some("request") => Capability::Request,
        Some("websocket") => Capability::Websocket,
        _ => return Err(LinkError::Foreign { import: import.to_owned(), hint: hint(import) }),
    };
    match granted.has(capability) {
        true => Ok(()),
        false => Err(LinkError::Missing { import: import.to_owned(), capability }),
    }
}

fn hint(import: &str) -> &'static str {
    if import.starts_with("wasi:sockets") || import.starts_with("wasi:http") {
        return "the network is `yoi:plugin/request` and `yoi:plugin/websocket`";
    }
    if import.starts_with("wasi:") {
        return "build for wasm32-unknown-unknown: there is no WASI here";
    }
    if import.starts_with(PACKAGE) {
        return "this host speaks yoi:plugin@0.1";
    }
    "a plugin imports interfaces of yoi:plugin and nothing else"
}

/// The interface's name, where it is one of ours.
fn own(name: &str) -> Option<&str> {
    name.strip_prefix(PACKAGE)?.strip_suffix(VERSION)
}

fn linker(engine: &Engine, granted: Interfaces) -> wasmtime::Result<Linker<Guest>> {
    let mut linker: Linker<Guest> = Linker::new(engine);
    log::add_to_linker::<Guest, HasSelf<Guest>>(&mut linker, |guest| guest)?;
    clock::add_to_linker::<Guest, HasSelf<Guest>>(&mut linker, |guest| guest)?;
    state::add_to_linker::<Guest, HasSelf<Guest>>(&mut linker, |guest| guest)?;
    emit::add_to_linker::<Guest, HasSelf<Guest>>(&mut linker, |guest| guest)?;
    if granted.request {
        request::add_to_linker::<Guest, HasSelf<Guest>>(&mut linker, |guest| guest)?;
    }
    if granted.websocket {
        websocket::add_to_linker::<Guest, HasSelf<Guest>>(&mut linker, |guest| guest)?;
    }
    Ok(linker)
}
