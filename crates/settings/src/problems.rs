//! Everything that is wrong with the settings, told at once.
//!
//! Owns the list and its printing. No line of it holds a secret: whoever adds one sees to that.

use std::fmt;
use std::process::ExitCode;

/// What a program ends with whose settings are wrong.
pub const EXIT_SETTINGS: u8 = 2;

/// What is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl Problems {
    /// Adds one.
    pub fn add(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }

    /// Adds those of another list.
    pub fn append(&mut self, other: Problems) {
        self.0.extend(other.0);
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.0
    }

    /// Prints them, and says what the program ends with.
    #[must_use]
    pub fn print(&self) -> ExitCode {
        for problem in &self.0 {
            eprintln!("error: {problem}");
        }
        eprintln!("hint: `--help` lists every setting; `config show` tells where each value comes from");
        ExitCode::from(EXIT_SETTINGS)
    }
}

impl From<String> for Problems {
    fn from(problem: String) -> Problems {
        Problems(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}
