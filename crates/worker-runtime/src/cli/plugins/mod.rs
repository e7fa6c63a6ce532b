//! The plugins of a workspace, beside a runtime.
//!
//! Owns what a program that runs workers does with plugins: settings become places, workers become
//! streams, tools become a toolbox. Without the feature `plugins` there are none. Must not know what
//! a plugin does.

#[cfg(feature = "plugins")]
mod toolbox;
#[cfg(feature = "plugins")]
mod workers;

use super::settings::Settings;
use crate::executor::ToldOnly;
use crate::{Runtime, RuntimeOptions};
use protocol::PluginList;
use std::sync::Arc;
use std::time::Duration;

/// The profile of plugins' streams. Nobody else has it.
pub(super) const PROFILE: &str = "plugin";

/// How long plugins may take to end, of the time that there is for everything.
const SHARE: u32 = 4;

/// The plugins of a workspace.
#[derive(Clone)]
pub struct Plugins {
    #[cfg(feature = "plugins")]
    plugins: plugins::Plugins,
}

impl Plugins {
    /// Plugins as the settings say. None of them runs yet.
    #[cfg(feature = "plugins")]
    pub(super) fn new(settings: &Settings) -> Plugins {
        let places = plugins::Places { packages: settings.plugins.clone(), grants: settings.plugin_grants.clone() };
        // files with credentials are named from the folder that holds .yoi
        let workspace =
            settings.plugin_grants.parent().and_then(|yoi| yoi.parent()).unwrap_or(std::path::Path::new(""));
        let workspace = if workspace.as_os_str().is_empty() { ".".into() } else { workspace.to_owned() };
        let data = settings.plugin_data.clone();
        Plugins { plugins: plugins::Plugins::new(plugins::Options { places, workspace, data }) }
    }

    /// None: this program was built without.
    #[cfg(not(feature = "plugins"))]
    pub(super) fn new(settings: &Settings) -> Plugins {
        if settings.plugin_grants.exists() {
            tracing::warn!("plugins are granted something here, but this program was built without plugins");
        }
        Plugins {}
    }

    /// What the runtime is to be started with, for the sake of plugins: their streams' profile, and
    /// their tools.
    pub(super) fn prepare(&self, options: &mut RuntimeOptions) {
        options.profiles.push(Arc::new(ToldOnly::new(PROFILE)));
        #[cfg(feature = "plugins")]
        {
            options.toolbox = Arc::new(toolbox::PluginTools::new(self.plugins.clone()));
        }
    }

    /// Runs what is enabled, and takes over every change of the files.
    #[cfg_attr(not(feature = "plugins"), expect(unused_variables, reason = "there is nothing to run"))]
    pub(super) fn start(&self, runtime: &Runtime) {
        #[cfg(feature = "plugins")]
        self.plugins.start(Arc::new(workers::RuntimeWorkers::new(runtime.clone())));
    }

    /// Every plugin that is there, for a person to look at.
    #[cfg_attr(not(feature = "plugins"), expect(clippy::unused_async, reason = "there is nothing to wait for"))]
    pub async fn shown(&self) -> PluginList {
        #[cfg(feature = "plugins")]
        return self.plugins.shown().await;
        #[cfg(not(feature = "plugins"))]
        PluginList::default()
    }

    /// Reads the files again.
    pub fn reload(&self) {
        #[cfg(feature = "plugins")]
        self.plugins.reload();
    }

    /// Ends them, within a part of the time that there is for everything. Before their runtime is
    /// ended, so that what they say last is told.
    #[cfg_attr(not(feature = "plugins"), expect(unused_variables, reason = "there is nothing to end"))]
    pub async fn shutdown(&self, drain: Duration) {
        #[cfg(feature = "plugins")]
        self.plugins.shutdown(drain / SHARE).await;
        #[cfg(not(feature = "plugins"))]
        let _ = SHARE;
    }
}
