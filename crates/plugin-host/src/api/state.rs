//! `state`: a small store of the plugin's own.
//!
//! Owns nothing but the passage.

use crate::bindings::state::{Host, StateError};
use crate::instance::Guest;

impl Host for Guest {
    async fn get(&mut self, key: String) -> wasmtime::Result<Result<Option<Vec<u8>>, StateError>> {
        Ok(self.plugin.state.get(&key).await)
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), StateError>> {
        Ok(self.plugin.state.set(key, value).await)
    }

    async fn delete(&mut self, key: String) -> wasmtime::Result<Result<bool, StateError>> {
        Ok(self.plugin.state.delete(key).await)
    }

    async fn keys(&mut self, prefix: String) -> wasmtime::Result<Result<Vec<String>, StateError>> {
        Ok(self.plugin.state.keys(&prefix).await)
    }
}
