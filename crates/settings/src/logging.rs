//! The program's own log, on standard error.
//!
//! Owns its form and level. Must not be set up by a library.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// How the program's own log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object for each line.
    Json,
}

/// The words for the forms.
pub const FORMATS: &[(&str, LogFormat)] = &[("text", LogFormat::Text), ("json", LogFormat::Json)];

/// Whether this says how much to write.
///
/// # Errors
/// When it does not.
pub fn check_level(text: &str) -> Result<(), String> {
    let filter = EnvFilter::builder().parse(text);
    filter.map(drop).map_err(|_| "is a level (error, warn, info, debug, trace) or targets with levels".to_owned())
}

/// What is never logged, at whatever level: libraries that log what they were sent, which may be a
/// secret.
const NEVER: &[&str] = &["genai=off", "rmcp=off", "agent_client_protocol=off"];

/// Sets the log up; one that the process has already stays.
pub fn set_up(format: LogFormat, level: &str) {
    let filter = EnvFilter::builder().parse_lossy(level);
    let never = NEVER.iter().filter_map(|directive| directive.parse().ok());
    let filter = never.fold(filter, EnvFilter::add_directive);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let _ = match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}
