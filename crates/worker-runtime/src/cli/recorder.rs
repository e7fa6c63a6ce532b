//! The recorder of the process's metrics.
//!
//! Owns its installing and its upkeep. Must not name metrics: each crate describes its own.

use crate::server::RenderMetrics;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use std::sync::Arc;
use std::time::Duration;

/// The bounds of everything that is measured in seconds.
const SECONDS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// How often what was recorded is folded, so that it does not grow where nobody reads it.
const UPKEEP: Duration = Duration::from_secs(5);

/// Installs the recorder; none where the process has another. Its upkeep runs on the current tokio
/// runtime.
#[must_use]
pub fn install() -> Option<RenderMetrics> {
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS);
    let handle = match builder.and_then(PrometheusBuilder::install_recorder) {
        Ok(handle) => handle,
        Err(error) => {
            tracing::warn!(%error, "there will be no metrics");
            return None;
        }
    };
    observation::describe_metrics();
    crate::describe_metrics();
    crate::server::describe_metrics();
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    Some(Arc::new(move || handle.render()))
}
