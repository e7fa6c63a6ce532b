//! What the project does to itself: `cargo run -p xtask -- <command>`.
//!
//! Owns the choice of command and what it prints. Must not be depended on by anything that ships.

mod features;
mod generate;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo run -p xtask -- <command>

  generate          write the files made from the protocol's types and tables
  generate --check  name those that are stale, and fail if there are any
  tidy              check headers, lengths, lints and links of the tree
  features          check that worker-runtime's features pull in nothing else
";

/// Something a command found wrong, or why it could not look.
type Problems = Vec<String>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let root = root();
    let problems = match args.as_slice() {
        ["generate"] => generate::write(&root),
        ["generate", "--check"] => generate::check(&root),
        ["tidy"] => tidy::check(&root),
        ["features"] => features::check(&root),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    for problem in &problems {
        eprintln!("{problem}");
    }
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The workspace's folder: two above this crate's.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}
