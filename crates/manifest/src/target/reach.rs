//! The address space that a target names.
//!
//! Owns the three words of `address`. The classifier's other spaces cannot be named.

use crate::address::Space;
use serde::Serialize;
use std::fmt;

/// Where a target reaches; each is its own target and its own grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// The internet.
    #[default]
    Public,
    /// This machine.
    Loopback,
    /// The local network.
    Private,
}

impl Reach {
    /// All three.
    pub const ALL: [Reach; 3] = [Reach::Public, Reach::Loopback, Reach::Private];

    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Reach::Public => "public",
            Reach::Loopback => "loopback",
            Reach::Private => "private",
        }
    }

    /// The space that it allows.
    #[must_use]
    pub fn space(self) -> Space {
        match self {
            Reach::Public => Space::Public,
            Reach::Loopback => Space::Loopback,
            Reach::Private => Space::Private,
        }
    }

    /// The reach that allows a space, where one does.
    #[must_use]
    pub fn of(space: Space) -> Option<Reach> {
        Reach::ALL.into_iter().find(|reach| reach.space() == space)
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Some of the three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reaches(u8);

impl Reaches {
    /// With one more.
    #[must_use]
    pub fn with(self, reach: Reach) -> Reaches {
        Reaches(self.0 | 1 << reach as u8)
    }

    /// What is in both.
    #[must_use]
    pub fn and(self, other: Reaches) -> Reaches {
        Reaches(self.0 & other.0)
    }

    /// Whether one is among them.
    #[must_use]
    pub fn has(self, reach: Reach) -> bool {
        self.0 & 1 << reach as u8 != 0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Reach> {
        Reach::ALL.into_iter().filter(move |reach| self.has(*reach))
    }
}
