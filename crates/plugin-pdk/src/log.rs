//! Lines for whoever operates the host.
//!
//! Owns the macros. Must not be given what was received or sent: the host does not know which part of
//! it is private.

use crate::bindings::host::log;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Every step.
    Trace,
    /// For whoever looks for a fault.
    Debug,
    /// What happened.
    Info,
    /// What somebody should look at.
    Warn,
    /// What failed.
    Error,
}

/// Writes a line. The macros are shorter.
pub fn write(level: Level, message: &str) {
    let level = match level {
        Level::Trace => log::Level::Trace,
        Level::Debug => log::Level::Debug,
        Level::Info => log::Level::Info,
        Level::Warn => log::Level::Warn,
        Level::Error => log::Level::Error,
    };
    log::write(level, message);
}

/// Logs every step: `trace!("read {} lines", n)`.
#[macro_export]
macro_rules! trace { ($($text:tt)+) => { $crate::log::write($crate::log::Level::Trace, &::std::format!($($text)+)) }; }

/// Logs what helps to find a fault.
#[macro_export]
macro_rules! debug { ($($text:tt)+) => { $crate::log::write($crate::log::Level::Debug, &::std::format!($($text)+)) }; }

/// Logs what happened.
#[macro_export]
macro_rules! info { ($($text:tt)+) => { $crate::log::write($crate::log::Level::Info, &::std::format!($($text)+)) }; }

/// Logs what somebody should look at.
#[macro_export]
macro_rules! warn { ($($text:tt)+) => { $crate::log::write($crate::log::Level::Warn, &::std::format!($($text)+)) }; }

/// Logs what failed.
#[macro_export]
macro_rules! error { ($($text:tt)+) => { $crate::log::write($crate::log::Level::Error, &::std::format!($($text)+)) }; }
