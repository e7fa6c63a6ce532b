//! Colours, for those who see them: never the only bearer of a meaning.
//!
//! Owns the choice whether to use them, and the sequences. Each piece ends its own colour, so
//! that an interrupted command leaves the terminal as it was.

use clap::ValueEnum;
use std::io::IsTerminal;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Whether to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Text only.
    Plain,
    /// With colours.
    Colored,
}

/// How a piece of text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// It does not.
    None,
    /// Of lesser weight.
    Dim,
    /// Of greater weight.
    Bold,
    /// Something went wrong.
    Red,
    /// Something to look at.
    Yellow,
    /// What the agent does.
    Cyan,
}

impl When {
    /// What that means for stdout here and now.
    pub fn look(self) -> Look {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match self {
            When::Always => Look::Colored,
            When::Auto if std::io::stdout().is_terminal() && !set("NO_COLOR") && !dumb => Look::Colored,
            When::Auto | When::Never => Look::Plain,
        }
    }
}

impl Look {
    /// `text`, which holds no line end, so that it stands out.
    pub fn paint(self, paint: Paint, text: &str) -> String {
        let sgr = match paint {
            Paint::None => return text.to_owned(),
            _ if self == Look::Plain || text.is_empty() => return text.to_owned(),
            Paint::Dim => "2",
            Paint::Bold => "1",
            Paint::Red => "31",
            Paint::Yellow => "33",
            Paint::Cyan => "36",
        };
        format!("\x1b[{sgr}m{text}\x1b[0m")
    }
}
