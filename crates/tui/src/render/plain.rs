//! A thing in a transcript as plain text: for copying and for looking for words.
//!
//! Owns that form. It is cleaned: what is pasted must not drive a terminal either.

use super::parts;
use crate::model::items::{Body, Item};
use crate::text::clean;
use protocol::{Entry, State};

/// The text of an item, cleaned; empty where it has none.
pub fn text(item: &Item, state: Option<&State>) -> String {
    match &item.body {
        Body::Edge => String::new(),
        Body::Aside(aside) => aside.text.clone(),
        Body::Entry(entry) => clean::text(&of_entry(entry)),
        Body::Open(at) => match state.and_then(|state| state.open_blocks.get(*at)) {
            Some(block) => clean::text(block.text.as_str()),
            None => String::new(),
        },
    }
}

fn of_entry(entry: &Entry) -> String {
    let mut pieces: Vec<String> = [&entry.text, &entry.message].into_iter().flatten().cloned().collect();
    pieces.extend(entry.content.iter().flatten().map(parts::plain));
    pieces.join("\n")
}

/// What the heading of an item says, cleaned; nothing where it has none.
pub fn title(item: &Item) -> Option<String> {
    let Body::Entry(entry) = &item.body else { return None };
    let words = [&entry.tool, &entry.title].into_iter().flatten().map(|text| clean::head(text, 1024));
    Some(words.collect::<Vec<_>>().join(" ")).filter(|title| !title.is_empty())
}
