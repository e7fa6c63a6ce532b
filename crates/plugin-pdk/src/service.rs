//! A plugin that runs.
//!
//! Owns the trait. Must not know what a plugin does.

/// A plugin that runs. The host calls `start`, then `run`, then `stop`.
pub trait Service: Sized + 'static {
    /// Gets ready, within `start_deadline_ms`. `config` is the JSON text of an object.
    ///
    /// # Errors
    /// With one line for people. `run` is not called then.
    fn start(config: &str) -> Result<Self, String>;

    /// Runs until there is nothing more to do, or until something that waits is cancelled.
    ///
    /// # Errors
    /// With one line for people. The host begins anew with a fresh instance, after ever longer waits.
    fn run(&mut self) -> Result<(), String>;

    /// The last chance to write state, within `stop_deadline_ms`. Nothing can be waited for.
    fn stop(&mut self) {}
}
