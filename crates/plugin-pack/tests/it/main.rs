//! The crate from outside: packages and new plugins in temporary folders.
//!
//! Owns the cases. Must not need a toolchain for WebAssembly: modules are made by hand.

mod new;
mod pack;
mod wasm;
