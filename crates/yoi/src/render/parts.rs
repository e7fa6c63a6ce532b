//! Parts of messages and tool results as text.
//!
//! Owns the words for each kind of part. Cleaning is left to whoever shows them.

use protocol::{KnownPart, Part};
use serde_json::Value;

/// All parts as one text.
pub fn text(parts: &[Part]) -> String {
    let texts: Vec<String> = parts.iter().map(one).collect();
    texts.join("\n")
}

fn one(part: &Part) -> String {
    match part {
        Part::Known(KnownPart::Text(part)) => part.text.trim_end_matches('\n').to_owned(),
        Part::Known(KnownPart::Image(part)) => match &part.uri {
            Some(uri) => format!("[{} at {uri}]", part.mime_type),
            None => format!("[{}]", part.mime_type),
        },
        Part::Known(KnownPart::Resource(part)) => format!("[{}]", part.uri),
        Part::Known(KnownPart::Diff(part)) => {
            let mut lines = vec![format!("change of {}", part.path)];
            for (mark, side) in [('-', &part.old), ('+', &part.new)] {
                lines.extend(side.iter().flat_map(|text| text.lines()).map(|line| format!("{mark} {line}")));
            }
            lines.join("\n")
        }
        Part::Known(KnownPart::Terminal(part)) => {
            let output = ["output", "data", "text"].iter().find_map(|name| part.extra.get(*name));
            output.and_then(Value::as_str).unwrap_or("[terminal]").trim_end_matches('\n').to_owned()
        }
        Part::Unknown(_) => format!("[{}]", part.type_name()),
    }
}
