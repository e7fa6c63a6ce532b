//! The plugins of a workspace, for a person to look at.
//!
//! Owns what is shown of each: what it may reach, in the words that whoever grants reads, and how it does. Must
//! not show a path or a credential.

use crate::folder::Reading;
use crate::stream::worker_id;
use manifest::Review;
use plugin_host::{Package, State, Status};
use protocol::{PluginRow, PluginStanding, PluginState};
use std::sync::Arc;

/// How plugins do, and what tools each has.
#[derive(Default)]
pub(crate) struct Running {
    pub statuses: Vec<Status>,
    /// Plugin and tool.
    pub tools: Vec<(Arc<str>, String)>,
}

/// Everything that is there, by its id.
pub(crate) fn rows(reading: &Reading, running: &Running) -> Vec<PluginRow> {
    let mut rows: Vec<PluginRow> = reading.packages.iter().map(|package| row(package, reading, running)).collect();
    for broken in &reading.broken {
        match rows.iter_mut().find(|row| row.plugin_id == broken.plugin) {
            // it runs, but what goes with it is wrong
            Some(row) => row.problems.push(broken.words.clone()),
            None => {
                rows.push(PluginRow {
                    problems: vec![broken.words.clone()],
                    ..empty(&broken.plugin, PluginStanding::Broken)
                });
            }
        }
    }
    rows.sort_by(|one, other| one.plugin_id.cmp(&other.plugin_id));
    rows
}

fn row(package: &Package, reading: &Reading, running: &Running) -> PluginRow {
    let plugin = package.manifest().plugin();
    let grant = reading.grants.as_ref().and_then(|grants| grants.plugin(&plugin.id));
    let review = Review::new(package.manifest(), &package.digest(), grant);
    let status = running.statuses.iter().find(|status| status.id == plugin.id);
    let missing = review.capabilities.iter().map(|capability| capability.missing.len()).sum::<usize>();
    let tools = running.tools.iter().filter(|(id, _)| *id == plugin.id).map(|(_, tool)| tool.clone());
    PluginRow {
        name: Some(plugin.name.to_string()),
        version: Some(plugin.version.to_string()),
        description: Some(plugin.description.to_string()),
        state: status.map(|status| state(status.state)),
        last_error: status.and_then(|status| status.last_error.clone()),
        // one that was never to run has told nothing
        worker_id: status.filter(|status| status.state != State::Disabled).map(|_| worker_id(&plugin.id)),
        connections: status.map_or(0, |status| u32::try_from(status.connections).unwrap_or(u32::MAX)),
        tools: tools.collect(),
        missing: u32::try_from(missing).unwrap_or(u32::MAX),
        marks: review.marks().into_iter().map(str::to_owned).collect(),
        review: Some(review.to_text()),
        ..empty(&plugin.id, review.standing.word().into())
    }
}

fn empty(plugin_id: &str, standing: PluginStanding) -> PluginRow {
    PluginRow {
        plugin_id: plugin_id.to_owned(),
        name: None,
        version: None,
        description: None,
        standing,
        state: None,
        last_error: None,
        worker_id: None,
        connections: 0,
        tools: Vec::new(),
        missing: 0,
        marks: Vec::new(),
        review: None,
        problems: Vec::new(),
    }
}

fn state(state: State) -> PluginState {
    match state {
        State::Disabled => PluginState::Disabled,
        State::Suspended => PluginState::Suspended,
        State::Starting => PluginState::Starting,
        State::Running => PluginState::Running,
        State::BackingOff => PluginState::BackingOff,
        State::Failed => PluginState::Failed,
        State::Stopped => PluginState::Stopped,
    }
}
