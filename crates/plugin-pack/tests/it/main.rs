//! The crate from outside: packages and new plugins in temporary folders.
//!
//! Owns the cases. Must not need a toolchain for WebAssembly: modules are made by hand.

#[cfg(test)]
mod new;
#[cfg(test)]
mod pack;
#[cfg(test)]
mod wasm;
