//! Ports of a target.
//!
//! Owns that no port named means the scheme's own, never any.

use crate::Scheme;
use serde::Serialize;
use std::fmt;

/// Which ports.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Ports {
    /// The scheme's own: 443 or 80.
    Default,
    /// These.
    These(Box<[u16]>),
    /// Any: `ports = "*"`. Broad.
    Any,
}

impl Ports {
    /// Whether a port is among them for a scheme.
    #[must_use]
    pub fn has(&self, scheme: Scheme, port: u16) -> bool {
        match self {
            Ports::Default => scheme.default_port() == port,
            Ports::These(ports) => ports.contains(&port),
            Ports::Any => true,
        }
    }

    /// The ports of a scheme one by one; `None` is any.
    pub(crate) fn of(&self, scheme: Scheme) -> Vec<Option<u16>> {
        match self {
            Ports::Default => vec![Some(scheme.default_port())],
            Ports::These(ports) => ports.iter().copied().map(Some).collect(),
            Ports::Any => vec![None],
        }
    }
}

/// As it is written in TOML; empty where it is left out.
impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ports::Default => Ok(()),
            Ports::These(ports) => write!(f, "{ports:?}"),
            Ports::Any => f.write_str("\"*\""),
        }
    }
}
