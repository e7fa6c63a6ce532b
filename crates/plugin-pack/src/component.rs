//! A component of a core module.
//!
//! Owns the call of the encoder. Must not read files.

use crate::World;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

/// Why there is no component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not WebAssembly.
    #[error("this is not WebAssembly")]
    NotWasm,
    /// The module does not say which interfaces it means, or does not have what it says.
    #[error("the module cannot become a component: {0}")]
    Encode(String),
}

/// Makes a component of a core module that says what it means, as those do that the kit or
/// `wit-bindgen` made. A component is passed through.
///
/// The same bytes make the same component.
///
/// # Errors
/// If the bytes are no module, or it does not say what it means.
pub fn componentize(core: &[u8]) -> Result<Vec<u8>, Error> {
    if kind(core)? == Kind::Component {
        return Ok(core.to_vec());
    }
    let encoder = ComponentEncoder::default().validate(true).module(core);
    encoder.and_then(|mut encoder| encoder.encode()).map_err(|error| Error::Encode(format!("{error:#}")))
}

/// Makes a component of a core module that does not say what it means, such as one written by hand.
///
/// # Errors
/// If the bytes are no module, or it does not have what the world exports.
pub fn componentize_as(core: &[u8], world: World) -> Result<Vec<u8>, Error> {
    if kind(core)? == Kind::Component {
        return Ok(core.to_vec());
    }
    let (resolve, world) = world.resolve().map_err(Error::Encode)?;
    let mut core = core.to_vec();
    embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8)
        .map_err(|error| Error::Encode(format!("{error:#}")))?;
    componentize(&core)
}

#[derive(PartialEq, Eq)]
enum Kind {
    Module,
    Component,
}

/// The preamble: a magic number, a version, and whether it is a module or a component.
fn kind(bytes: &[u8]) -> Result<Kind, Error> {
    match bytes.get(..8) {
        Some(b"\0asm\x01\0\0\0") => Ok(Kind::Module),
        Some([b'\0', b'a', b's', b'm', _, _, 1, 0]) => Ok(Kind::Component),
        _ => Err(Error::NotWasm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_module_is_refused_and_a_component_passes() {
        assert!(matches!(componentize(b"#!/bin/sh\n"), Err(Error::NotWasm)));
        let empty_component = b"\0asm\x0d\0\x01\0";
        assert_eq!(componentize(empty_component).unwrap(), empty_component);
        assert_eq!(componentize_as(empty_component, World::Plugin).unwrap(), empty_component);
    }

    #[test]
    fn a_module_without_the_exports_of_its_world_is_refused() {
        let error = componentize_as(b"\0asm\x01\0\0\0", World::ToolsOnly).unwrap_err().to_string();
        assert!(error.contains("yoi:plugin/tools"), "{error}");
    }
}
