//! The tool `count`.
//!
//! Owns what is counted. Must not guess what a token is.

use crate::number;
use serde::Deserialize;
use yoi_plugin_pdk::Tool;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arguments {
    text: String,
    find: Option<String>,
}

pub fn tool() -> Tool {
    let schema = r#"{
        "type": "object",
        "properties": {
            "text": { "type": "string", "description": "What to count in" },
            "find": { "type": "string", "description": "Also count how often this occurs, without overlaps" }
        },
        "required": ["text"],
        "additionalProperties": false
    }"#;
    let description = "Counts the characters, bytes, words and lines of a text exactly, and how often something \
        occurs in it. Use it whenever a number of such things matters.";
    Tool::new("count", description, schema)
}

pub fn call(arguments: &Arguments) -> String {
    let text = &arguments.text;
    let counts = [
        (text.chars().count(), "character"),
        (text.len(), "byte"),
        (text.split_whitespace().count(), "word"),
        (text.lines().count(), "line"),
    ];
    let mut answer = counts.map(|(n, one)| number(n as u64, one)).join(", ");
    if let Some(find) = arguments.find.as_deref().filter(|find| !find.is_empty()) {
        let found = text.matches(find).count() as u64;
        answer.push_str(&format!("; {find:?} occurs {}", number(found, "time")));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_what_people_see_and_what_machines_store() {
        let count =
            |text: &str, find: Option<&str>| call(&Arguments { text: text.to_owned(), find: find.map(str::to_owned) });
        assert_eq!(count("", None), "0 characters, 0 bytes, 0 words, 0 lines");
        assert_eq!(count("a", Some("")), "1 character, 1 byte, 1 word, 1 line");
        assert_eq!(count("grün\nblau\n", None), "10 characters, 11 bytes, 2 words, 2 lines");
        assert_eq!(count("strawberry", Some("r")), "10 characters, 10 bytes, 1 word, 1 line; \"r\" occurs 3 times");
    }
}
