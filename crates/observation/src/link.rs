//! Whether the server reaches what a stream comes from.
//!
//! Owns the state of the link and its history in short, so that each viewer is told once of what
//! changed since it was told last. Must not find out by itself.

use parking_lot::Mutex;
use protocol::{Diagnostic, LinkState};
use std::sync::atomic::{AtomicU32, Ordering};

/// Whether the server reaches what a stream comes from. Up, where nobody says otherwise.
#[derive(Default)]
pub(crate) struct Link {
    /// How often it changed. To be seen without the lock; changed only with it.
    version: AtomicU32,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    /// Why it is down.
    down: Option<Diagnostic>,
    /// The newest version at which events were lost.
    lost_at: u32,
}

/// What a viewer has been told of the link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    version: u32,
    down: bool,
}

/// What a viewer is to be told of the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// It went down.
    Down(Diagnostic),
    /// It is up again.
    Up {
        /// Events were lost.
        lost: bool,
    },
}

impl Told {
    /// Whether it is all there is to tell, when the link had changed `version` times.
    #[cfg(feature = "ws")]
    pub fn is_all(self, version: u32) -> bool {
        self.version == version
    }
}

impl Link {
    /// It is down. True where that is new.
    pub fn down(&self, why: Diagnostic) -> bool {
        let mut now = self.now.lock();
        if now.down.is_some() {
            return false;
        }
        now.down = Some(why);
        self.version.fetch_add(1, Ordering::AcqRel);
        true
    }

    /// It is up. True where there is something to tell.
    pub fn up(&self, lost: bool) -> bool {
        let mut now = self.now.lock();
        if now.down.take().is_none() && !lost {
            return false;
        }
        let version = self.version.fetch_add(1, Ordering::AcqRel).wrapping_add(1);
        if lost {
            now.lost_at = version;
        }
        true
    }

    /// How it is.
    pub fn state(&self) -> LinkState {
        if self.now.lock().down.is_some() { LinkState::Down } else { LinkState::Up }
    }

    /// How often it changed.
    #[cfg(feature = "ws")]
    pub fn version(&self) -> u32 {
        self.version.load(Ordering::Acquire)
    }

    /// How it is for one who attaches: why it is down, and from where on to be told.
    pub fn attach(&self) -> (Option<Diagnostic>, Told) {
        let now = self.now.lock();
        let told = Told { version: self.version.load(Ordering::Acquire), down: now.down.is_some() };
        (now.down.clone(), told)
    }

    /// What is new since `told`. Costs one load where nothing is.
    pub fn news(&self, told: &mut Told) -> Option<News> {
        if self.version.load(Ordering::Acquire) == told.version {
            return None;
        }
        let now = self.now.lock();
        let before =
            std::mem::replace(told, Told { version: self.version.load(Ordering::Acquire), down: now.down.is_some() });
        match &now.down {
            Some(why) if !before.down => Some(News::Down(why.clone())),
            Some(_) => None,
            None => {
                // a difference of versions, so that it may wrap
                let lost = now.lost_at.wrapping_sub(before.version).cast_signed() > 0;
                (before.down || lost).then_some(News::Up { lost })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Code;

    #[test]
    fn everybody_is_told_once_of_each_outage() {
        let link = Link::default();
        let why = Diagnostic::new(Code::UpstreamDisconnected, "gone");
        let (_, mut told) = link.attach();
        assert_eq!(link.news(&mut told), None);
        assert!(link.down(why.clone()) && !link.down(why.clone()));
        assert_eq!(link.news(&mut told), Some(News::Down(why.clone())));
        assert_eq!((link.news(&mut told), link.state()), (None, LinkState::Down));
        let (reason, mut late) = link.attach();
        assert_eq!((reason, link.news(&mut late)), (Some(why.clone()), None));
        assert!(link.up(false) && !link.up(false));
        for told in [&mut told, &mut late] {
            assert_eq!(link.news(told), Some(News::Up { lost: false }));
        }
        // one that was busy meanwhile hears only what still matters
        link.down(why.clone());
        link.up(false);
        assert_eq!(link.news(&mut told), None);
        link.down(why.clone());
        link.up(true);
        link.down(why.clone());
        link.up(false);
        assert_eq!(link.news(&mut told), Some(News::Up { lost: true }));
        assert_eq!(link.news(&mut told), None);
    }
}
