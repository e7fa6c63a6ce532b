//! What is kept from somebody.
//!
//! Owns which sorts of content can be hidden and the names of their sets. What becomes of events
//! is in `event`, of states in `state`; both must do the same, so that whoever folds what is shown
//! of the events has what is shown of the state.
//!
//! What is hidden leaves a mark: a block and its entry keep their place, kind and tool, and have
//! `[hidden]` for a title and no text; the content of a tool's result is one part that says so.
//! Notices leave none. Whoever is kept from any text is kept as well from what this version does
//! not know: events, kinds of blocks and entries of tomorrow may hold that text.

mod event;
mod lens;
mod state;
#[cfg(test)]
mod tests;

pub(crate) use lens::{RedactionLens, WorkspaceLens, is_shown, without_totals};

use protocol::{BlockKind, Event, KnownPart, Part, TextPart};
use serde_json::{Map, Value};
use std::fmt;

/// What stands where a text was.
pub const HIDDEN: &str = "[hidden]";

/// A sort of content that can be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hide {
    /// The text of blocks of reasoning, and their titles.
    Thinking,
    /// The text of blocks that spell a tool call, their titles, and what else an approval tells of
    /// the call.
    ToolArguments,
    /// What tools answer.
    ToolOutput,
    /// Notices.
    Notices,
}

impl Hide {
    /// Each of them.
    pub const ALL: [Hide; 4] = [Hide::Thinking, Hide::ToolArguments, Hide::ToolOutput, Hide::Notices];

    /// Its word in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Hide::Thinking => "thinking",
            Hide::ToolArguments => "tool_arguments",
            Hide::ToolOutput => "tool_output",
            Hide::Notices => "notices",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Hide::Thinking => 1,
            Hide::ToolArguments => 2,
            Hide::ToolOutput => 4,
            Hide::Notices => 8,
        }
    }
}

/// What is kept from somebody; nothing by default.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Redaction(u8);

/// What is shown of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Redacted {
    /// It, as it is.
    Pass,
    /// This in its place.
    Replace(Box<Event>),
    /// Nothing.
    Drop,
}

impl Redaction {
    /// Everything that can be hidden.
    #[must_use]
    pub fn everything() -> Redaction {
        Hide::ALL.into_iter().collect()
    }

    /// Whether this is hidden.
    #[must_use]
    pub fn hides(self, what: Hide) -> bool {
        self.0 & what.bit() != 0
    }

    /// Whether nothing is hidden.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self.0 == 0
    }

    /// Whether some text is hidden, and with it whatever may hold it.
    fn hides_any_text(self) -> bool {
        [Hide::Thinking, Hide::ToolArguments, Hide::ToolOutput].into_iter().any(|text| self.hides(text))
    }

    /// Whether the text of blocks of this kind is hidden.
    fn hides_block(self, kind: &BlockKind) -> bool {
        match kind {
            BlockKind::Text => false,
            BlockKind::Thinking => self.hides(Hide::Thinking),
            BlockKind::ToolCall => self.hides(Hide::ToolArguments),
            BlockKind::Other(_) => self.hides_any_text(),
        }
    }
}

impl FromIterator<Hide> for Redaction {
    fn from_iter<I: IntoIterator<Item = Hide>>(all: I) -> Self {
        Redaction(all.into_iter().fold(0, |bits, hide| bits | hide.bit()))
    }
}

/// `nothing`, or the words of what is hidden, joined by `+`.
impl fmt::Display for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = Hide::ALL.into_iter().filter(|what| self.hides(*what)).map(Hide::as_str).collect();
        if words.is_empty() { f.pad("nothing") } else { f.pad(&words.join("+")) }
    }
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redaction({self})")
    }
}

/// The content that stands where another was.
fn hidden_content() -> Vec<Part> {
    let extra: Map<_, _> = [("redacted".to_owned(), Value::Bool(true))].into_iter().collect();
    vec![Part::Known(KnownPart::Text(TextPart { text: HIDDEN.to_owned(), extra }))]
}
