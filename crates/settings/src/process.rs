//! The process's own environment.
//!
//! Owns its reading, for programs; everything else is handed a function.

/// A variable of the process.
#[must_use]
pub fn process_environment(name: &str) -> Option<String> {
    // one that is not text is as wrong as an empty one
    std::env::var_os(name).map(|value| value.into_string().unwrap_or_default())
}
