//! `clock`: time in whole milliseconds.
//!
//! Owns the coarseness. Must not be finer, whatever the guest asks.

use crate::bindings::clock::{Host, SleepError};
use crate::instance::Guest;
use std::time::Duration;

impl Host for Guest {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(millis(self.plugin.services.clock.since_epoch()))
    }

    fn monotonic(&mut self) -> wasmtime::Result<u64> {
        Ok(millis(self.born.elapsed()))
    }

    async fn sleep(&mut self, ms: u32) -> wasmtime::Result<Result<(), SleepError>> {
        if self.told.is_cancelled() {
            return Ok(Err(SleepError::Cancelled));
        }
        if ms == 0 {
            return Ok(Ok(()));
        }
        tokio::select! {
            biased;
            () = self.told.cancelled() => Ok(Err(SleepError::Cancelled)),
            () = tokio::time::sleep(Duration::from_millis(ms.into())) => Ok(Ok(())),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
