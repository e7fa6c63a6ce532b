//! Exit statuses.
//!
//! Owns the ones that no code of the table has, and the list of all of them for `--help`.

use protocol::Code;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Anything that has no status of its own.
pub const ERROR: u8 = 1;
/// The command line, or what it names, is not usable.
pub const USAGE: u8 = 2;
/// The run that was waited for failed, or how it ended is not known; or the worker failed.
pub const RUN: u8 = 9;
/// A plugin asks for something that is not granted.
pub const UNGRANTED: u8 = 10;
/// What is to be granted to a plugin is broad.
pub const BROAD: u8 = 11;
/// A plugin is not enabled.
pub const DISABLED: u8 = 12;
/// A plugin's package asks for more than was looked at.
pub const SUSPENDED: u8 = 13;
/// A plugin's package cannot be used.
pub const BROKEN: u8 = 14;
/// The run that was waited for was cancelled.
pub const CANCELLED: u8 = 15;
/// The run that was waited for reached a limit.
pub const LIMIT: u8 = 16;
/// Ctrl-C.
pub const INTERRUPTED: u8 = 130;

/// What `plugin show --help` says about exit statuses.
pub const PLUGIN_SHOW: &str = "\
Exit status, the last that applies:
  0    all that is requested is granted and in force
  10   something that is requested is not granted
  11   something that is requested and not granted is broad: granting it takes --allow-broad
  12   disabled
  13   suspended: the package asks for more than the one that was looked at
  14   broken: the package cannot be used";

/// What `--help` says about exit statuses, made from the table of codes.
pub fn help() -> String {
    let mut codes: BTreeMap<u8, Vec<&str>> = BTreeMap::new();
    for code in Code::KNOWN {
        codes.entry(code.info().exit_status).or_default().push(code.as_str());
    }
    let mut text = String::from("Exit status:\n");
    row(&mut text, 0, "done");
    for (status, names) in &codes {
        let words = match *status {
            ERROR => "an error that is none of the following",
            USAGE => "the command line or the request is not usable",
            3 => "there is no such thing",
            4 => "not allowed, or not signed in",
            5 => "not reachable now; trying again may help",
            6 => "the cursor is not usable",
            7 => "the other side does not follow the protocol",
            8 => "not in the worker's present state",
            _ => "",
        };
        row(&mut text, *status, &format!("{words}:"));
        for line in names.chunks(4) {
            let _ = writeln!(text, "         {}", line.join(", "));
        }
    }
    row(&mut text, RUN, "the run that was waited for failed, or the worker did");
    row(&mut text, UNGRANTED, "to 14: how a plugin stands; `plugin show --help` says more");
    row(&mut text, CANCELLED, "the run that was waited for was cancelled");
    row(&mut text, LIMIT, "the run that was waited for reached a limit of turns, tokens, time or cost");
    row(&mut text, INTERRUPTED, "interrupted");
    text
}

fn row(text: &mut String, status: u8, words: &str) {
    let _ = writeln!(text, "  {status:<4} {words}");
}
