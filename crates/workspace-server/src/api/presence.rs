//! Who has streams open.
//!
//! Owns the tags by which the streams of one credential are ended together, once it is no longer
//! good. Must not keep anything of those who have none open.

use crate::backend::Shared;
use observation::Hub;
use parking_lot::Mutex;
use protocol::{Authentication, Code, Diagnostic};
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use tokio_util::sync::CancellationToken;
use yoi_access::{Credential, Generation};

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
    ended: CancellationToken,
    streams: usize,
}

/// A stream of somebody's, for as long as this lives.
pub(super) struct Present {
    key: Key,
    open: Arc<Mutex<Open>>,
    /// Names all streams of the same credential.
    pub tag: u64,
    /// Cancelled when the credential is no longer good.
    pub ended: CancellationToken,
}

impl Presence {
    /// Somebody opens a stream.
    pub(super) fn enter(&self, credential: &Credential) -> Present {
        let key = (credential.generation, credential.authentication.clone());
        let mut open = self.open.lock();
        if !open.credentials.contains_key(&key) {
            open.last_tag += 1;
            let tagged = Tagged {
                credential: credential.clone(),
                tag: open.last_tag,
                ended: CancellationToken::new(),
                streams: 0,
            };
            open.credentials.insert(key.clone(), tagged);
        }
        let (mut tag, mut ended) = (0, CancellationToken::new());
        if let Some(tagged) = open.credentials.get_mut(&key) {
            tagged.streams += 1;
            (tag, ended) = (tagged.tag, tagged.ended.clone());
        }
        Present { key, open: Arc::clone(&self.open), tag, ended }
    }

    /// Ends everybody's streams.
    pub(crate) fn end_all(&self, hub: &Hub) {
        for (tag, ended) in self.revoked(|_| false) {
            let words = "the rules of this workspace have changed; connect again with the last cursor";
            hub.end(tag, &Diagnostic::new(Code::GoingAway, words).retry_after(100));
            ended.cancel();
        }
        // those who come from now on are others
        self.open.lock().credentials.clear();
    }

    /// The streams of credentials that are not good any more.
    fn revoked(&self, is_good: impl Fn(&Credential) -> bool) -> Vec<(u64, CancellationToken)> {
        let open = self.open.lock();
        let revoked = open.credentials.values().filter(|tagged| !is_good(&tagged.credential));
        revoked.map(|tagged| (tagged.tag, tagged.ended.clone())).collect()
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
pub(super) fn revoked() -> Diagnostic {
    Diagnostic::new(Code::CredentialExpired, "the credential was revoked; sign in again and go on with the last cursor")
}

/// Ends the streams of those who are no longer let in, whenever the principals change.
pub(crate) async fn end_revoked(shared: Weak<Shared>) {
    let Some(mut changes) = shared.upgrade().map(|shared| shared.directory.changes()) else { return };
    while changes.changed().await.is_ok() {
        let Some(shared) = shared.upgrade() else { return };
        for (tag, ended) in shared.presence.revoked(|credential| shared.directory.is_current(credential)) {
            shared.hub.end(tag, &revoked());
            ended.cancel();
        }
    }
}
