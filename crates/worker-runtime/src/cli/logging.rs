//! The program's own log, on standard error.
//!
//! Owns its form and level. Must not be set up by a library.

use super::settings::{LogFormat, Settings};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Whether this says how much to write.
pub(super) fn check_level(text: &str) -> Result<(), String> {
    let filter = EnvFilter::builder().parse(text);
    filter.map(drop).map_err(|_| "is a level (error, warn, info, debug, trace) or targets with levels".to_owned())
}

/// Sets the log up; one that the process has already stays.
pub(super) fn set_up(settings: &Settings) {
    let filter = EnvFilter::builder().parse_lossy(&settings.log_level);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = match settings.log_format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}
