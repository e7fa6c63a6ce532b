//! What meanings look like.
//!
//! Owns colours and weights. Colours are the terminal's own sixteen, and never the only bearer of a meaning:
//! without them everything still reads.

use crate::options::Colour;
use crate::text::row::Paint;
use ratatui::style::{Color, Modifier, Style};

/// How the console looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme(pub Colour);

/// What stands out besides what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is chosen, and keys go there.
    Chosen,
    /// It is chosen, and keys go elsewhere.
    Resting,
    /// It matches what is looked for.
    Found,
}

impl Theme {
    /// The style of a piece.
    pub fn style(self, paint: Paint) -> Style {
        let (colour, modifier) = match paint {
            Paint::Plain => (None, Modifier::empty()),
            Paint::Dim => (None, Modifier::DIM),
            Paint::Bold => (None, Modifier::BOLD),
            Paint::Person => (Some(Color::Blue), Modifier::BOLD),
            Paint::Action => (Some(Color::Cyan), Modifier::empty()),
            Paint::Code => (Some(Color::Cyan), Modifier::empty()),
            Paint::Added | Paint::Good => (Some(Color::Green), Modifier::empty()),
            Paint::Removed => (Some(Color::Red), Modifier::empty()),
            Paint::Warning => (Some(Color::Yellow), Modifier::empty()),
            Paint::Error => (Some(Color::Red), Modifier::BOLD),
        };
        let style = Style::new().add_modifier(modifier);
        match (self.0, colour) {
            (Colour::Sixteen, Some(colour)) => style.fg(colour),
            _ => style,
        }
    }

    /// The style that is laid over one.
    pub fn mark(self, mark: Mark) -> Style {
        match mark {
            Mark::Chosen => Style::new().add_modifier(Modifier::REVERSED),
            Mark::Resting => Style::new().add_modifier(Modifier::BOLD),
            Mark::Found => Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD),
        }
    }
}
