//! The streams of plugins.
//!
//! Owns which worker is which plugin's, and that it is there when something is told. Must not know
//! what is told.

use crate::workers::{NewStream, Told, Untold, Whose, Workers};
use manifest::Digest;
use parking_lot::Mutex;
use protocol::WorkerId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The worker that is a plugin's stream. It sorts before every worker that was made at some time.
#[must_use]
pub fn worker_id(plugin: &str) -> WorkerId {
    let text = Digest::of(format!("yoi plugin {plugin}").as_bytes()).to_string();
    let digits = text.rsplit(':').next().unwrap_or_default();
    let random = digits.get(..20).and_then(|digits| u128::from_str_radix(digits, 16).ok()).unwrap_or_default();
    WorkerId::from_parts(0, random)
}

/// The streams of plugins, and those of workers.
pub(crate) struct Streams {
    workers: Arc<dyn Workers>,
    /// What each plugin is called.
    names: Mutex<BTreeMap<Arc<str>, String>>,
}

impl Streams {
    /// None yet.
    pub fn new(workers: Arc<dyn Workers>) -> Streams {
        Streams { workers, names: Mutex::default() }
    }

    /// A plugin is called so.
    pub fn name(&self, plugin: &Arc<str>, name: &str) {
        self.names.lock().insert(plugin.clone(), name.to_owned());
    }

    /// Tells something in a plugin's own stream, which is made first where it is not there.
    pub async fn tell_own(&self, plugin: &Arc<str>, told: Told) -> Result<(), Untold> {
        let worker_id = worker_id(plugin);
        match self.workers.tell(Whose::Plugin(worker_id), told.clone()).await {
            Err(Untold::NoWorker | Untold::Stopped) => {}
            answer => return answer,
        }
        let name = self.names.lock().get(plugin).cloned().unwrap_or_else(|| plugin.to_string());
        self.workers.open(NewStream { worker_id, plugin: plugin.clone(), name }).await?;
        self.workers.tell(Whose::Plugin(worker_id), told).await
    }

    /// Tells something in a worker's stream.
    pub async fn tell(&self, worker: WorkerId, told: Told) -> Result<(), Untold> {
        self.workers.tell(Whose::Worker(worker), told).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::BoxFuture;
    use serde_json::Value;

    /// Keeps what is told; a stream has to be opened first.
    #[derive(Default)]
    struct Fake(Mutex<(Vec<NewStream>, Vec<Whose>)>);

    impl Workers for Fake {
        fn tell(&self, whose: Whose, _: Told) -> BoxFuture<'_, Result<(), Untold>> {
            let mut kept = self.0.lock();
            let is_there = matches!(whose, Whose::Plugin(id) if kept.0.iter().any(|stream| stream.worker_id == id));
            if is_there {
                kept.1.push(whose);
            }
            Box::pin(std::future::ready(if is_there { Ok(()) } else { Err(Untold::NoWorker) }))
        }

        fn open(&self, stream: NewStream) -> BoxFuture<'_, Result<(), Untold>> {
            self.0.lock().0.push(stream);
            Box::pin(std::future::ready(Ok(())))
        }
    }

    #[tokio::test]
    async fn a_stream_is_made_when_something_is_told_first() {
        let fake = Arc::new(Fake::default());
        let streams = Streams::new(fake.clone());
        let (plugin, told) = (Arc::from("a"), Told::Extension { namespace: "x".into(), value: Value::Null });
        streams.name(&plugin, "A plugin");
        for _ in 0..3 {
            streams.tell_own(&plugin, told.clone()).await.unwrap();
        }
        let (opened, kept) = std::mem::take(&mut *fake.0.lock());
        let expected = NewStream { worker_id: worker_id("a"), plugin, name: "A plugin".into() };
        assert_eq!((opened, kept.len()), (vec![expected], 3));
        // a worker's is never made
        let elsewhere = streams.tell(WorkerId::from_parts(1, 1), told).await;
        assert_eq!(elsewhere, Err(Untold::NoWorker));
        assert!(fake.0.lock().0.is_empty());
    }

    #[test]
    fn a_plugin_has_one_stream_for_ever() {
        let id = worker_id("chat-bridge");
        assert_eq!(id, worker_id("chat-bridge"));
        assert_ne!(id, worker_id("chat-bridge2"));
        assert!(id.to_string().starts_with("w_0000000000"), "{id}");
        assert!(id < WorkerId::from_parts(1, 0));
    }
}
