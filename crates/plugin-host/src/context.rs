//! What all instances of one plugin share.
//!
//! Owns the budgets that count across instances, and the way to the host's services. Must not hold
//! anything of one instance.

use crate::clock::Clock;
use crate::dial::Dialler;
use crate::emit::Sink;
use crate::gauges::Gauges;
use crate::permission::Gate;
use crate::rate::Rate;
use crate::secrets::Secrets;
use crate::state::State;
use manifest::Limits;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// Lines of the log that a plugin may write in a second.
const LINES_PER_SECOND: u64 = 100;
/// Calls of its tools that may be under way.
const CALLS: u64 = 16;
/// Outputs that it may emit in a second.
const EMITTED_PER_SECOND: u64 = 50;

/// What the host has for plugins.
pub(crate) struct Services {
    pub dialler: Dialler,
    pub secrets: Arc<dyn Secrets>,
    pub sink: Arc<dyn Sink>,
    pub clock: Arc<dyn Clock>,
    pub gauges: Gauges,
    /// What is waited for before a host has ended: calls, and what ends in the background.
    pub ending: TaskTracker,
}

/// What the instances of a plugin share.
pub(crate) struct Context {
    pub id: Arc<str>,
    pub limits: Limits,
    pub gate: Gate,
    pub state: Arc<State>,
    pub services: Arc<Services>,
    pub connections: Arc<Semaphore>,
    pub requests: Arc<Semaphore>,
    pub calls: Arc<Semaphore>,
    pub send_rate: Rate,
    pub line_rate: Rate,
    pub lost_lines: AtomicU64,
    pub emit_rate: Rate,
}

impl Context {
    pub fn new(id: Arc<str>, limits: Limits, gate: Gate, state: Arc<State>, services: Arc<Services>) -> Context {
        let slots = |limit| Arc::new(Semaphore::new(usize::try_from(limit).unwrap_or(1)));
        Context {
            connections: slots(limits.connections),
            requests: slots(limits.requests),
            calls: slots(CALLS),
            send_rate: Rate::new(limits.send_per_second),
            line_rate: Rate::new(LINES_PER_SECOND),
            lost_lines: AtomicU64::new(0),
            emit_rate: Rate::new(EMITTED_PER_SECOND),
            id,
            limits,
            gate,
            state,
            services,
        }
    }
}
