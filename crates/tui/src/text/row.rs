//! One row of wrapped text, and how its pieces stand out.
//!
//! Owns the meanings that a piece can have; what they look like is the theme's.

/// How a piece of text stands out, by what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paint {
    /// Ordinary text.
    #[default]
    Plain,
    /// Of lesser weight.
    Dim,
    /// Of greater weight.
    Bold,
    /// What a person said.
    Person,
    /// What the agent does.
    Action,
    /// Code.
    Code,
    /// A line that came.
    Added,
    /// A line that went.
    Removed,
    /// Something went well.
    Good,
    /// Something to look at.
    Warning,
    /// Something went wrong.
    Error,
}

/// How a row follows the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// It begins a line of the text.
    Start,
    /// The line goes on, a space having been taken out in between.
    Space,
    /// The line goes on in the middle of a word.
    Glue,
}

/// A piece of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub paint: Paint,
    /// Cleaned text without line ends.
    pub text: String,
}

/// One row of the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What stands before the text and is no part of it: an indent, a mark.
    pub lead: Span,
    /// The text.
    pub spans: Vec<Span>,
    /// How it follows the row before.
    pub join: Join,
}

impl Span {
    /// A piece.
    pub fn new(paint: Paint, text: impl Into<String>) -> Span {
        Span { paint, text: text.into() }
    }
}

impl Row {
    /// A row that is a line of its own.
    pub fn line(paint: Paint, text: impl Into<String>) -> Row {
        Row { lead: Span::new(Paint::Plain, ""), spans: vec![Span::new(paint, text)], join: Join::Start }
    }

    /// The text, without its lead.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}
