//! `log`: lines for whoever operates the host.
//!
//! Owns the bounds on them. Must not wait, fail, or pass a control character on.

use crate::bindings::log::{Host, Level};
use crate::instance::Guest;
use crate::text::{self, Lines};
use std::sync::atomic::Ordering;

/// Bytes of a line.
const MAX_BYTES: usize = 8 << 10;

impl Host for Guest {
    fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let context = &self.plugin;
        if context.line_rate.take().is_err() {
            context.lost_lines.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        let plugin = &*context.id;
        let lost = context.lost_lines.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!(target: "yoi::plugin", plugin, lost, "lines of the plugin were left out");
        }
        let line = text::clean(text::cut(&message, MAX_BYTES), Lines::One);
        match level {
            Level::Trace => tracing::trace!(target: "yoi::plugin::log", plugin, "{line}"),
            Level::Debug => tracing::debug!(target: "yoi::plugin::log", plugin, "{line}"),
            Level::Info => tracing::info!(target: "yoi::plugin::log", plugin, "{line}"),
            Level::Warn => tracing::warn!(target: "yoi::plugin::log", plugin, "{line}"),
            Level::Error => tracing::error!(target: "yoi::plugin::log", plugin, "{line}"),
        }
        Ok(())
    }
}
