//! What serving is made of.
//!
//! Owns nothing: the settings of a runtime and what is done with them are `worker_runtime::cli`.

pub use worker_runtime::cli::{ServeArgs, config_show, serve};
