//! What the console is opened with.
//!
//! Owns the options and their defaults; must not read the environment.

use crate::backend::Backend;
use protocol::{RuntimeId, WorkerId};
use std::fmt;
use std::sync::Arc;

/// Whether to use colours. Nothing is told by them alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// The sixteen that every terminal has, as its user set them.
    #[default]
    Sixteen,
    /// None, as `NO_COLOR` asks; weight and reversal stay.
    None,
}

/// Whether ending a run asks first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confirm {
    /// It does.
    #[default]
    Ask,
    /// It does not.
    Never,
}

/// Whether the console takes the mouse, and with it the terminal's own way to select text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mouse {
    /// It is left to the terminal.
    #[default]
    Terminal,
    /// The wheel scrolls, a click chooses.
    Console,
}

/// What the console is opened with.
#[derive(Clone)]
pub struct Options {
    /// The workspace.
    pub backend: Arc<dyn Backend>,
    /// The worker to show first; one that lives where absent.
    pub selected: Option<(RuntimeId, WorkerId)>,
    /// Whether to use colours.
    pub colour: Colour,
    /// Whether ending a run asks first.
    pub confirm_cancel: Confirm,
    /// Who has the mouse.
    pub mouse: Mouse,
}

impl Options {
    /// A workspace, everything else by default.
    pub fn new(backend: Arc<dyn Backend>) -> Options {
        Options {
            backend,
            selected: None,
            colour: Colour::default(),
            confirm_cancel: Confirm::default(),
            mouse: Mouse::default(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("selected", &self.selected)
            .field("colour", &self.colour)
            .finish_non_exhaustive()
    }
}
