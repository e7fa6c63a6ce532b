//! The one line that a folded thing shows as, and that stands above it when it is unfolded.
//!
//! Owns how its pieces share the room: the name and the figures stay whole as far as they can, what it is
//! about gives way.

use super::Fold;
use crate::text::row::{Join, Paint, Row, Span};
use crate::text::{fit, width};

/// A heading, of cleaned pieces.
pub struct Heading {
    /// Folded or not.
    pub fold: Fold,
    /// What it is.
    pub name: String,
    /// How the name stands out.
    pub paint: Paint,
    /// What it is about.
    pub about: String,
    /// Its size and the like.
    pub figures: String,
    /// How it is.
    pub status: (Paint, String),
}

impl Heading {
    /// The row, of `room` cells.
    pub fn row(self, room: usize) -> Row {
        let lead = match self.fold {
            Fold::Folded => "▸ ",
            Fold::Open => "▾ ",
        };
        let mut left = room.saturating_sub(width(lead));
        let name = fit(&self.name, left);
        left = left.saturating_sub(width(&name));
        let mut tail = Vec::new();
        for (paint, text) in [self.status, (Paint::Dim, self.figures)] {
            let text = if text.is_empty() { text } else { format!(" · {text}") };
            // the status matters more than the figures, which come before it
            if width(&text) <= left {
                left -= width(&text);
                tail.insert(0, Span::new(paint, text));
            }
        }
        let mut spans = vec![Span::new(self.paint, name)];
        if !self.about.is_empty() && left > 3 {
            spans.push(Span::new(Paint::Plain, format!(" {}", fit(&self.about, left - 1))));
        }
        spans.extend(tail);
        spans.retain(|span| !span.text.is_empty());
        Row { lead: Span::new(Paint::Dim, fit(lead, room)), spans, join: Join::Start }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_is_about_gives_way_first() {
        let told = |room| {
            let row = Heading {
                fold: Fold::Folded,
                name: "shell".into(),
                paint: Paint::Action,
                about: "cargo test --workspace".into(),
                figures: "22 B".into(),
                status: (Paint::Good, "ok".into()),
            }
            .row(room);
            format!("{}{}", row.lead.text, row.text())
        };
        assert_eq!(told(60), "▸ shell cargo test --workspace · 22 B · ok");
        assert_eq!(told(30), "▸ shell cargo tes… · 22 B · ok");
        assert_eq!(told(16), "▸ shell ca… · ok");
        assert_eq!(told(13), "▸ shell · ok");
        assert_eq!(told(6), "▸ she…");
        assert_eq!(told(0), "");
    }
}
