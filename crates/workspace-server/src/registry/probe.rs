//! Looking after one runtime: asking it how it is, again and again.
//!
//! Owns when that is. Each runtime has a task of its own, so that one that hangs delays no other.

use super::entry::{Entry, Reach};
use super::options::RegistryOptions;
use super::table::Table;
use crate::handle::{Backoff, Detail, HandleError, PROBE_SECONDS, PROBES, RUNTIME_UP, shortened};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// The first pause after a runtime did not answer.
const FIRST: Duration = Duration::from_millis(500);
/// The least time from one probe to the next, however many ask for it.
const LEAST: Duration = Duration::from_millis(250);
/// How much of the pause between probes is left to chance.
const SHARE: f64 = 0.2;

/// Probes until the runtime is taken out.
pub(super) async fn look_after(entry: Arc<Entry>, table: Arc<Table>, options: RegistryOptions) {
    let removed = entry.removed().clone();
    let probing = async {
        let mut backoff = Backoff::new(FIRST.min(options.longest), options.longest);
        loop {
            let began = Instant::now();
            probe(&entry, &table, &options).await;
            let random = (options.jitter)();
            let mut later = backoff.clone();
            let pause = match entry.reach() {
                Reach::Down(_) => later.next(random),
                Reach::Up | Reach::Unknown => {
                    backoff.reset();
                    later.reset();
                    shortened(options.interval, SHARE, random)
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => backoff = later,
                // whoever asks does not make the pauses longer for everybody
                () = entry.wake.notified() => sleep_until(began + LEAST).await,
            }
        }
    };
    removed.run_until_cancelled(probing).await;
    metrics::gauge!(RUNTIME_UP, "runtime_id" => entry.runtime_id().to_string()).set(0.0);
}

async fn probe(entry: &Entry, table: &Table, options: &RegistryOptions) {
    let began = Instant::now();
    entry.probes.send_modify(|probes| probes.begun += 1);
    let id = entry.runtime_id();
    let answer = match timeout(options.probe_timeout, entry.handle().info()).await {
        Ok(answer) => answer,
        Err(_) => {
            let detail = Detail::new("no answer to a probe within its time");
            Err(HandleError::Timeout { runtime_id: id.clone(), detail })
        }
    };
    let (outcome, up) = match &answer {
        Ok(_) => ("ok".to_owned(), 1.0),
        Err(error) => (error.code().to_string(), 0.0),
    };
    metrics::counter!(PROBES, "runtime_id" => id.to_string(), "outcome" => outcome).increment(1);
    metrics::histogram!(PROBE_SECONDS, "runtime_id" => id.to_string()).record(began.elapsed().as_secs_f64());
    metrics::gauge!(RUNTIME_UP, "runtime_id" => id.to_string()).set(up);
    let (news, error) = match answer {
        Ok(info) => (entry.found(Ok(info), options.clock.now()), None),
        Err(error) => (entry.found(Err(&error), options.clock.now()), Some(error)),
    };
    match error {
        _ if !news => {}
        None => tracing::info!(runtime_id = %id, "a runtime is reached"),
        Some(error) => tracing::warn!(runtime_id = %id, code = %error.code(), why = error.for_operator(), "{error}"),
    }
    table.put(entry.row(), || !entry.removed().is_cancelled());
    entry.probes.send_modify(|probes| probes.ended = probes.begun);
}
