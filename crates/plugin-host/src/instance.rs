//! One instance of a component, and calls into it.
//!
//! Owns the store. A call either gives the instance back, or fails and has disposed of it: a store
//! that trapped, ran out of time or was cancelled cannot be entered again, because nobody has it.
//! When a call has failed, or `close` has returned, no socket and no task of the instance is left.

use crate::cache::Prepared;
use crate::context::Context;
use crate::engine::{CORE_INSTANCES, MEMORIES, TABLE_ELEMENTS, TABLES};
use crate::gauges::{Alive, Kind};
use crate::text;
use crate::websocket::Sockets;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use wasmtime::component::ResourceTable;
use wasmtime::{Store, StoreLimits, StoreLimitsBuilder, Trap, UpdateDeadline};

/// Handles that a guest may hold, and resources that the host keeps for it.
const MAX_HANDLES: usize = 256;

/// What a guest may hand over in one call beyond the largest thing that is taken: enough to tell it
/// by how much it was too large, and no way to make the host copy without end.
const SLACK_BYTES: u64 = 16 << 20;

/// What the host keeps with a store.
pub(crate) struct Guest {
    pub plugin: Arc<Context>,
    pub table: ResourceTable,
    pub sockets: Sockets,
    /// The guest is told to end: whatever waits answers `cancelled`.
    pub told: CancellationToken,
    /// The worker for whose tool call it runs.
    pub caller: Option<Arc<str>>,
    pub born: Instant,
    limits: StoreLimits,
    _alive: Alive,
    _slot: OwnedSemaphorePermit,
}

/// An instance that can be called.
pub(crate) struct Instance {
    store: Store<Guest>,
    instance: wasmtime::component::Instance,
}

/// When a call ends that does not end by itself.
#[derive(Clone, Debug)]
pub(crate) struct Until {
    /// At this time.
    pub deadline: Option<Instant>,
    /// When this is cancelled.
    pub kill: CancellationToken,
}

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The guest trapped, or broke the rules of the component model.
    #[error("the plugin trapped: {0}")]
    Trap(String),
    /// It took too long.
    #[error("the plugin did not answer in time")]
    Deadline,
    /// It was stopped.
    #[error("the plugin was stopped")]
    Stopped,
    /// The host failed while it worked for the guest.
    #[error("the host failed while it worked for the plugin")]
    Host,
}

impl Instance {
    /// Instantiates. The component's own start code runs in it, under the same limits.
    pub async fn new(
        prepared: &Prepared,
        plugin: Arc<Context>,
        told: CancellationToken,
        caller: Option<Arc<str>>,
        slot: OwnedSemaphorePermit,
        until: &Until,
    ) -> Result<Instance, CallError> {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_HANDLES);
        let limits = limits(&plugin.limits);
        let fuel = fuel(&plugin.limits);
        let sockets = Sockets::new(plugin.services.ending.clone());
        let alive = plugin.services.gauges.count(Kind::Instance);
        let guest =
            Guest { plugin, table, sockets, told, caller, born: Instant::now(), limits, _alive: alive, _slot: slot };
        let mut store = Store::new(prepared.pre.engine(), guest);
        store.limiter(|guest| &mut guest.limits);
        store.set_hostcall_fuel(fuel);
        store.set_max_component_handles(MAX_HANDLES);
        store.set_epoch_deadline(1);
        // tokio's own yield lets timers and sockets in before the guest goes on; a plain one would let
        // them wait for sixty ticks on a thread that has nothing else to do
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))));
        let made = bounded(prepared.pre.instantiate_async(&mut store), until).await;
        match made {
            Ok(instance) => Ok(Instance { store, instance }),
            Err(error) => {
                dispose(store).await;
                Err(error)
            }
        }
    }

    /// Looks up what it exports.
    pub fn load<T>(
        &mut self,
        load: impl FnOnce(&mut Store<Guest>, &wasmtime::component::Instance) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        load(&mut self.store, &self.instance).map_err(|error| trap(&error))
    }

    /// Calls into it.
    pub async fn call<T>(
        mut self,
        until: &Until,
        call: impl for<'a> FnOnce(&'a mut Store<Guest>) -> BoxFuture<'a, wasmtime::Result<T>>,
    ) -> Result<(Instance, T), CallError> {
        match bounded(call(&mut self.store), until).await {
            Ok(value) => Ok((self, value)),
            Err(error) => {
                dispose(self.store).await;
                Err(error)
            }
        }
    }

    /// Ends it: its connections are closed with 1001.
    pub async fn close(self) {
        dispose(self.store).await;
    }
}

async fn dispose(mut store: Store<Guest>) {
    let guest = store.data_mut();
    let none = Sockets::new(guest.plugin.services.ending.clone());
    let sockets = std::mem::replace(&mut guest.sockets, none);
    // the guest's side first, so that a task that waits for room or for a message is let go
    drop(store);
    sockets.close().await;
}

/// Waits for a call, but no longer than allowed. A guest that computes gives way at every epoch, so
/// that this is looked at within a tick.
async fn bounded<T>(
    call: impl Future<Output = wasmtime::Result<T>>,
    Until { deadline, kill }: &Until,
) -> Result<T, CallError> {
    let late = async {
        match deadline {
            Some(deadline) => sleep_until(*deadline).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = kill.cancelled() => Err(CallError::Stopped),
        () = late => Err(CallError::Deadline),
        done = AssertUnwindSafe(call).catch_unwind() => match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(trap(&error)),
            Err(_) => Err(CallError::Host),
        },
    }
}

fn trap(error: &wasmtime::Error) -> CallError {
    tracing::debug!(target: "yoi::plugin", "{}", text::clean(&format!("{error:?}"), text::Lines::Many));
    let words = match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    };
    CallError::Trap(text::line(&words, 300))
}

fn limits(limits: &manifest::Limits) -> StoreLimits {
    let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    StoreLimitsBuilder::new()
        .memory_size(usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX))
        .table_elements(TABLE_ELEMENTS)
        .instances(count(CORE_INSTANCES))
        .memories(count(MEMORIES))
        .tables(count(TABLES))
        .trap_on_grow_failure(true)
        .build()
}

fn fuel(limits: &manifest::Limits) -> usize {
    let largest = limits.message_bytes.max(limits.request_bytes).max(1 << 20);
    usize::try_from(largest + SLACK_BYTES).unwrap_or(usize::MAX)
}
