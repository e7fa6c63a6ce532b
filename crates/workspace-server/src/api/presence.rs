//! Who has streams open.
//!
//! Owns the tags by which the streams of one credential are ended together, once it is no longer
//! good. Must not keep anything of those who have none open.

use crate::backend::Shared;
use observation::Hub;
use parking_lot::Mutex;
use protocol::{Authentication, Code, Diagnostic};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};
use tokio_util::sync::CancellationToken;
use yoi_access::{Credential, Directory, Generation};

type Key = (Generation, Authentication);

/// Who has streams open.
#[derive(Clone, Default)]
pub(crate) struct Presence {
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    credentials: HashMap<Key, Tagged>,
    last_tag: u64,
}

struct Tagged {
    credential: Credential,
    tag: u64,
    end: Arc<End>,
    streams: usize,
}

/// The end of a credential's streams, once it has come.
#[derive(Default)]
pub(super) struct End {
    why: OnceLock<Diagnostic>,
    told: CancellationToken,
}

impl End {
    fn come(&self, why: Diagnostic) {
        // the first reason stays
        let _ = self.why.set(why);
        self.told.cancel();
    }

    /// Why, where it has come.
    pub fn why(&self) -> Option<&Diagnostic> {
        self.why.get()
    }

    /// Waits for it.
    pub async fn wait(&self) -> Diagnostic {
        self.told.cancelled().await;
        self.why.get().cloned().unwrap_or_else(revoked)
    }
}

/// A stream of somebody's, for as long as this lives.
pub(super) struct Present {
    key: Key,
    open: Arc<Mutex<Open>>,
    /// Names all streams of the same credential.
    pub tag: u64,
    /// Comes when the credential is no longer good.
    pub end: Arc<End>,
}

impl Presence {
    /// Somebody opens a stream; nothing where they are no longer let in. Asked after it is noted: a
    /// change of the principals either finds it, or is seen here.
    pub(super) fn enter(&self, credential: &Credential, directory: &Directory) -> Option<Present> {
        let key = (credential.generation, credential.authentication.clone());
        let present = {
            let mut open = self.open.lock();
            let Open { credentials, last_tag } = &mut *open;
            let tagged = credentials.entry(key.clone()).or_insert_with(|| {
                *last_tag += 1;
                Tagged { credential: credential.clone(), tag: *last_tag, end: Arc::default(), streams: 0 }
            });
            tagged.streams += 1;
            Present { key, open: Arc::clone(&self.open), tag: tagged.tag, end: Arc::clone(&tagged.end) }
        };
        directory.is_current(credential).then_some(present)
    }

    /// Ends everybody's streams.
    pub(crate) fn end_all(&self, hub: &Hub) {
        let words = "the rules of this workspace have changed; connect again with the last cursor";
        self.end(hub, &Diagnostic::new(Code::GoingAway, words).retry_after(100), |_| false);
    }

    /// Ends the streams of credentials that are not good any more. Those who come from now on are
    /// others. Told to the end first, to the hub then: see `hand_over`.
    fn end(&self, hub: &Hub, why: &Diagnostic, is_good: impl Fn(&Credential) -> bool) {
        let ended: Vec<_> = self.open.lock().credentials.extract_if(|_, tagged| !is_good(&tagged.credential)).collect();
        for (_, tagged) in ended {
            tagged.end.come(why.clone());
            hub.end(tagged.tag, why);
        }
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        let of_this = open.credentials.get_mut(&self.key).filter(|tagged| tagged.tag == self.tag);
        let left = of_this.map(|tagged| {
            tagged.streams -= 1;
            tagged.streams
        });
        if left == Some(0) {
            open.credentials.remove(&self.key);
        }
    }
}

/// What whoever's credential is no longer good is told.
fn revoked() -> Diagnostic {
    Diagnostic::new(Code::CredentialExpired, "the credential was revoked; sign in again and go on with the last cursor")
}

/// Ends the streams of those who are no longer let in, whenever the principals change.
pub(crate) async fn end_revoked(shared: Weak<Shared>) {
    let Some(mut changes) = shared.upgrade().map(|shared| shared.directory.changes()) else { return };
    while changes.changed().await.is_ok() {
        let Some(shared) = shared.upgrade() else { return };
        shared.presence.end(&shared.hub, &revoked(), |credential| shared.directory.is_current(credential));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Role;
    use yoi_access::{Principal, Principals, Selector, TokenHash};

    fn principals(all: &[&str]) -> Principals {
        let make = |name: &&str| {
            Principal::new(name.parse().unwrap(), Role::Viewer, Selector::default(), TokenHash::of(name.as_bytes()))
        };
        Principals::new(all.iter().map(make)).unwrap()
    }

    /// Between finding out who asks and opening the stream, the principals may change.
    #[tokio::test]
    async fn whoever_was_revoked_on_the_way_in_opens_no_stream() {
        let (directory, presence) = (Directory::new(principals(&["ann", "bob"])), Presence::default());
        let (ann, bob) = (directory.by_token(b"ann").unwrap(), directory.by_token(b"bob").unwrap());
        let first = presence.enter(&ann, &directory).unwrap();
        directory.replace(principals(&["bob"]));
        assert!(presence.enter(&ann, &directory).is_none());
        assert!(presence.enter(&bob, &directory).is_some());
        assert_eq!(presence.open.lock().credentials.len(), 1, "those who left are not kept");
        drop(first);
        assert!(presence.open.lock().credentials.is_empty());
    }

    /// A socket may be on its way to the hub while its credential ends.
    #[tokio::test]
    async fn an_end_is_there_before_the_hub_hears_of_it_and_keeps_its_reason() {
        let (directory, presence) = (Directory::new(principals(&["ann"])), Presence::default());
        let ann = directory.by_token(b"ann").unwrap();
        let hub = Hub::start(&observation::Options::default());
        let before = presence.enter(&ann, &directory).unwrap();
        assert!(before.end.why().is_none());
        presence.end_all(&hub);
        assert_eq!(before.end.wait().await.code, Code::GoingAway);
        let after = presence.enter(&ann, &directory).unwrap();
        assert!(after.end.why().is_none() && after.tag != before.tag, "who comes back is another");
        presence.end(&hub, &revoked(), |_| false);
        let codes = [&before, &after].map(|present| present.end.why().unwrap().code.clone());
        assert_eq!(codes, [Code::GoingAway, Code::CredentialExpired]);
    }
}
