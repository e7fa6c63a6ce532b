//! The tool `compare`.
//!
//! Owns comparing two lists as sets. Must not sort what it shows: the order is the lists' own.

use crate::number;
use serde::Deserialize;
use std::collections::HashSet;
use yoi_plugin_pdk::Tool;

/// How many entries of each kind are shown.
const SHOWN: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    left: String,
    right: String,
}

pub fn tool() -> Tool {
    let schema = r#"{
        "type": "object",
        "properties": {
            "left": { "type": "string", "description": "A list, one entry a line" },
            "right": { "type": "string", "description": "Another list, one entry a line" }
        },
        "required": ["left", "right"],
        "additionalProperties": false
    }"#;
    let description = "Compares two lists exactly, one entry a line, whatever their order: which entries are only in \
        one of them, and which are in one more than once. Use it instead of comparing long lists by eye.";
    Tool::new("compare", description, schema)
}

pub fn call(arguments: &Arguments) -> String {
    let (left, right) = (entries(&arguments.left), entries(&arguments.right));
    let (in_left, in_right): (HashSet<&str>, HashSet<&str>) =
        (left.iter().copied().collect(), right.iter().copied().collect());
    let both = in_left.intersection(&in_right).count() as u64;
    let mut answer = format!("{} in both\n", if both == 1 { "1 entry".to_owned() } else { format!("{both} entries") });
    let parts = [
        ("only left", without(&left, &in_right)),
        ("only right", without(&right, &in_left)),
        ("more than once left", repeated(&left)),
        ("more than once right", repeated(&right)),
    ];
    for (name, entries) in parts {
        answer.push_str(&format!("{name} ({}):", entries.len()));
        for entry in entries.iter().take(SHOWN) {
            answer.push_str(&format!("\n  {entry}"));
        }
        if let Some(more) = entries.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            answer.push_str(&format!("\n  … and {}", number(more as u64, "other")));
        }
        answer.push('\n');
    }
    answer
}

fn entries(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// Those that are not in a set, once each.
fn without<'a>(entries: &[&'a str], other: &HashSet<&str>) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    entries.iter().copied().filter(|entry| !other.contains(entry) && seen.insert(*entry)).collect()
}

/// Those that are there more than once, once each.
fn repeated<'a>(entries: &[&'a str]) -> Vec<&'a str> {
    let (mut seen, mut told) = (HashSet::new(), HashSet::new());
    entries.iter().copied().filter(|entry| !seen.insert(*entry) && told.insert(*entry)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(left: &str, right: &str) -> String {
        call(&Arguments { left: left.to_owned(), right: right.to_owned() })
    }

    #[test]
    fn it_tells_what_is_where() {
        let answer = compare("a\nb\n b\nc\n", "c\n\nd\nd\nd");
        let expected = "1 entry in both\nonly left (2):\n  a\n  b\nonly right (1):\n  d\n\
            more than once left (1):\n  b\nmore than once right (1):\n  d\n";
        assert_eq!(answer, expected);
    }

    #[test]
    fn a_long_answer_is_bounded_and_says_so() {
        let left: String = (0..500).map(|n| format!("{n}\n")).collect();
        let answer = compare(&left, "");
        assert!(answer.contains("only left (500):") && answer.contains("… and 300 others"), "{answer}");
    }
}
