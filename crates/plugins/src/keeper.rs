//! The task that keeps plugins as the workspace's files say.
//!
//! Owns looking at the files, handing them to the host, and telling how plugins do. Must not run a
//! plugin itself, and must not wait for one: a revoke is never behind a start.

use crate::calls::Called;
use crate::folder::{self, Reading, Stamp};
use crate::news;
use crate::options::Options;
use crate::outlet::Outlet;
use crate::plugins::Shared;
use crate::stream::Streams;
use crate::workers::{Told, Workers};
use plugin_host::{Host, Status};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// How often the files, and the plugins, are looked at.
const LOOK: Duration = Duration::from_millis(200);
/// How often, while there is nothing to run.
const IDLE_LOOK: Duration = Duration::from_secs(1);

/// The task.
pub(crate) struct Keeper {
    options: Options,
    shared: Arc<Shared>,
    streams: Arc<Streams>,
    called: mpsc::Receiver<Called>,
    /// Of the files that were read last.
    stamp: Option<Stamp>,
    /// Something was wrong with them, and they may only have been half written.
    look_again: bool,
    reading: Reading,
    /// How each plugin was when that was told.
    told: BTreeMap<Arc<str>, Status>,
}

impl Keeper {
    /// A keeper that has not looked yet.
    pub fn new(
        options: Options,
        shared: Arc<Shared>,
        workers: Arc<dyn Workers>,
        called: mpsc::Receiver<Called>,
    ) -> Keeper {
        let streams = Arc::new(Streams::new(workers));
        Keeper {
            options,
            shared,
            streams,
            called,
            stamp: None,
            look_again: false,
            reading: Reading::default(),
            told: BTreeMap::new(),
        }
    }

    /// Keeps them until told to end, and ends them.
    pub async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let mut force = true;
        while !shared.end.is_cancelled() {
            self.look(std::mem::take(&mut force)).await;
            self.tell_all().await;
            let until = Instant::now() + if self.host().is_some() { LOOK } else { IDLE_LOOK };
            tokio::select! {
                () = shared.end.cancelled() => {}
                () = shared.reload.notified() => force = true,
                () = tokio::time::sleep_until(until) => {}
            }
        }
        if let Some(host) = self.host() {
            let deadline = *shared.deadline.lock();
            let ended = host.shutdown(deadline).await;
            tracing::debug!(target: "yoi::plugin", ?ended, "plugins have ended");
            let stopped: Vec<_> = self.told.keys().cloned().collect();
            self.tell_calls().await;
            for plugin in stopped {
                self.tell(&plugin, news::stopped()).await;
            }
        }
        // the host knows the workers, and the workers its tools: neither keeps the other alive
        *shared.host.lock() = None;
    }

    fn host(&self) -> Option<Host> {
        self.shared.host.lock().clone()
    }

    /// Takes the files over if they have changed.
    async fn look(&mut self, force: bool) {
        let places = self.options.places.clone();
        let Ok(stamp) = tokio::task::spawn_blocking(move || folder::stamp(&places)).await else { return };
        let is_same = self.stamp.as_ref() == Some(&stamp);
        if is_same && !force && !self.look_again {
            return;
        }
        let places = self.options.places.clone();
        let Ok(reading) = tokio::task::spawn_blocking(move || folder::read(&places)).await else { return };
        let is_second = self.look_again && is_same;
        self.stamp = Some(stamp);
        self.look_again = !reading.is_whole() && !is_second;
        if self.look_again {
            // it may be half written: what is in force stays for one more look
            return;
        }
        self.take_over(reading).await;
    }

    async fn take_over(&mut self, reading: Reading) {
        for package in &reading.packages {
            let plugin = package.manifest().plugin();
            self.streams.name(&plugin.id, &plugin.name);
        }
        let last = std::mem::replace(&mut self.reading, reading);
        let Some(host) = self.host_for_work() else { return self.tell_wrong(&last).await };
        let plan = self.reading.plan();
        let applying = host.apply(plan);
        tokio::pin!(applying);
        let shared = Arc::clone(&self.shared);
        loop {
            tokio::select! {
                biased;
                () = shared.end.cancelled() => return,
                () = &mut applying => break,
                () = sleep(LOOK) => {
                    self.withdraw(&host).await;
                    self.tell_all().await;
                }
            }
        }
        self.tell_wrong(&last).await;
    }

    /// Takes over grants that change while plugins are still starting or ending: what somebody takes back
    /// is not in force for as long as another plugin compiles. The next look does the rest.
    async fn withdraw(&mut self, host: &Host) {
        let places = self.options.places.clone();
        let Ok(read) = tokio::task::spawn_blocking(move || folder::grants(&places)).await else { return };
        // one with mistakes may be half written
        let Ok(grants) = read else { return };
        if grants != self.reading.grants {
            self.reading.grants.clone_from(&grants);
            host.authorise(grants);
        }
    }

    /// The host, which is started when there is something for it to do.
    fn host_for_work(&self) -> Option<Host> {
        let mut host = self.shared.host.lock();
        if host.is_none() && self.reading.has_work() {
            let outlet = Arc::new(Outlet::new(Arc::clone(&self.streams)));
            match Host::start(self.options.host(outlet)) {
                Ok(started) => *host = Some(started),
                Err(error) => {
                    tracing::error!(target: "yoi::plugin", %error, "plugins cannot be run");
                }
            }
        }
        host.clone()
    }

    /// Tells what is wrong with the files, once.
    async fn tell_wrong(&self, last: &Reading) {
        if let Some(wrong) = &self.reading.wrong
            && last.wrong.as_ref() != Some(wrong)
        {
            tracing::error!(target: "yoi::plugin", "nothing is granted to plugins: {wrong}");
            for plugin in self.told.keys() {
                self.tell(plugin, news::ungranted()).await;
            }
        }
        for broken in self.reading.broken.iter().filter(|broken| !last.broken.contains(broken)) {
            tracing::warn!(target: "yoi::plugin", plugin = broken.plugin, "{}", broken.detail);
            // only of one that somebody has enabled: others have no stream
            let grants = self.reading.grants.as_ref();
            if grants.and_then(|grants| grants.plugin(&broken.plugin)).is_some_and(|grant| grant.is_enabled()) {
                self.tell(&broken.plugin.as_str().into(), news::broken(&broken.words)).await;
            }
        }
    }

    /// Tells how plugins do, where that has changed, and what was called.
    async fn tell_all(&mut self) {
        self.tell_calls().await;
        let Some(host) = self.host() else { return };
        let statuses = host.statuses();
        let gone: Vec<_> =
            self.told.keys().filter(|id| !statuses.iter().any(|status| status.id == **id)).cloned().collect();
        for plugin in gone {
            self.told.remove(&plugin);
            self.tell(&plugin, news::gone()).await;
        }
        for status in statuses {
            let grew = || self.grew(&status.id);
            let news = news::news(self.told.get(&status.id), &status, grew);
            for told in news {
                self.tell(&status.id, told).await;
            }
            if self.told.contains_key(&status.id) || status.state != plugin_host::State::Disabled {
                self.told.insert(status.id.clone(), status);
            }
        }
    }

    fn grew(&self, plugin: &str) -> String {
        let package = self.reading.packages.iter().find(|package| &*package.manifest().plugin().id == plugin);
        let grant = self.reading.grants.as_ref().and_then(|grants| grants.plugin(plugin));
        package.map(|package| news::grew(package.manifest(), grant.map(|grant| &**grant))).unwrap_or_default()
    }

    async fn tell_calls(&mut self) {
        while let Ok(called) = self.called.try_recv() {
            let told = called.told();
            self.tell(&called.plugin, told).await;
        }
    }

    async fn tell(&self, plugin: &Arc<str>, told: Told) {
        if let Err(error) = self.streams.tell_own(plugin, told).await {
            tracing::warn!(target: "yoi::plugin", plugin = &**plugin, %error, "how the plugin does was not told");
        }
    }
}
