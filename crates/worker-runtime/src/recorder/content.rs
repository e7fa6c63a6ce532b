//! Cutting messages and tool results: in the event, so that it fits a frame, and in the
//! transcript, so that memory stays bounded.
//!
//! Owns which part loses what. Counts every byte it leaves out.

use super::text::{ESCAPED_BYTES, fitting, json_len};
use protocol::{KnownPart, Part};

/// The most bytes of `content` in an event, as JSON.
const EVENT_BYTES: usize = ESCAPED_BYTES;
/// The most bytes of `content` in the transcript, as JSON.
pub(crate) const WHOLE_BYTES: usize = 16 << 20;

/// Content, and how many bytes were left out of it.
pub(crate) type Cut = (Vec<Part>, u64);

/// `content` for the event and, where it says more, for the transcript.
pub(crate) fn cut(content: Vec<Part>) -> (Cut, Option<Cut>) {
    let size = json_len(&content);
    if size <= EVENT_BYTES {
        return ((content, 0), None);
    }
    let event = within(&content, EVENT_BYTES);
    let whole = if size <= WHOLE_BYTES { (content, 0) } else { within(&content, WHOLE_BYTES) };
    (event, Some(whole))
}

fn within(content: &[Part], budget: usize) -> Cut {
    let mut left = budget.saturating_sub(2);
    let (mut kept, mut omitted) = (Vec::new(), 0);
    for part in content {
        let size = json_len(part);
        if size < left {
            left -= size + 1;
            kept.push(part.clone());
            continue;
        }
        match shrink(part, left.saturating_sub(1)) {
            Some((part, lost)) => {
                left = left.saturating_sub(json_len(&part) + 1);
                omitted += lost;
                kept.push(part);
            }
            None => omitted += size as u64,
        }
    }
    (kept, omitted)
}

/// As much of `part` as fits, and how many bytes it lost; `None` where nothing of use would be
/// left.
fn shrink(part: &Part, budget: usize) -> Option<(Part, u64)> {
    let Part::Known(known) = part else { return None };
    let (mut known, mut lost) = (known.clone(), 0);
    match &mut known {
        KnownPart::Text(text) => {
            let whole = std::mem::take(&mut text.text);
            let room = budget.checked_sub(json_len(&KnownPart::Text(text.clone())))?;
            lost += shorten(&mut text.text, whole, room);
            if text.text.is_empty() {
                return None;
            }
        }
        KnownPart::Image(image) => lost += image.data.take().map_or(0, |data| data.len() as u64),
        KnownPart::Diff(diff) => {
            let (old, new) = (diff.old.take(), diff.new.take());
            // with the names and quotes of both members
            let each = budget.checked_sub(json_len(&KnownPart::Diff(diff.clone())) + 32)? / 2;
            for (member, whole) in [(&mut diff.old, old), (&mut diff.new, new)] {
                if let Some(whole) = whole {
                    lost += shorten(member.insert(String::new()), whole, each);
                }
            }
        }
        KnownPart::Resource(_) | KnownPart::Terminal(_) => return None,
    }
    let part = Part::Known(known);
    (json_len(&part) <= budget).then_some((part, lost))
}

/// Puts as much of `whole` into `text` as fits; returns how many bytes do not.
fn shorten(text: &mut String, mut whole: String, max: usize) -> u64 {
    let end = fitting(&whole, max);
    let lost = whole.len() - end;
    whole.truncate(end);
    *text = whole;
    lost as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{DiffPart, ImagePart};
    use serde_json::{Map, json};

    fn check(content: Vec<Part>) -> (Cut, Option<Cut>) {
        let (event, whole) = cut(content);
        assert!(json_len(&event.0) <= EVENT_BYTES, "{}", json_len(&event.0));
        (event, whole)
    }

    #[test]
    fn what_fits_is_left_alone() {
        let content = vec![Part::text("hi"), Part::text("there")];
        assert_eq!(check(content.clone()), ((content, 0), None));
    }

    #[test]
    fn a_long_text_keeps_its_beginning() {
        let text = "\u{1}é".repeat(100_000);
        let ((event, omitted), whole) = check(vec![Part::text("head"), Part::text(&*text), Part::text("tail")]);
        assert_eq!(event[0], Part::text("head"));
        let cut = event[1].as_text().unwrap();
        assert!(text.starts_with(cut) && cut.len() > 50_000);
        let tail = if event.len() == 3 { 0 } else { json_len(&Part::text("tail")) };
        assert_eq!(omitted, (text.len() - cut.len() + tail) as u64);
        assert_eq!(whole.unwrap().0[1], Part::text(text));
    }

    #[test]
    fn pictures_lose_their_bytes_diffs_their_ends_others_go() {
        let image =
            ImagePart { mime_type: "image/png".into(), data: Some("A".repeat(400_000)), uri: None, extra: Map::new() };
        let diff = DiffPart {
            path: "a".into(),
            old: Some("o".repeat(300_000)),
            new: Some("\n".repeat(300_000)),
            extra: Map::new(),
        };
        let other: Part = serde_json::from_value(json!({"type": "hologram", "data": "z".repeat(300_000)})).unwrap();
        let content = vec![Part::Known(KnownPart::Image(image)), Part::Known(KnownPart::Diff(diff)), other.clone()];
        let ((event, omitted), whole) = check(content);
        assert_eq!(event.len(), 2);
        let Part::Known(KnownPart::Diff(cut)) = &event[1] else { panic!("{event:?}") };
        let kept = cut.old.as_ref().unwrap().len() + cut.new.as_ref().unwrap().len();
        assert!(kept > 150_000);
        assert_eq!(omitted, 400_000 + (600_000 - kept + json_len(&other)) as u64);
        assert_eq!(whole.unwrap().0.len(), 3);
    }

    #[test]
    fn many_small_parts_are_counted() {
        let ((event, omitted), _) = check(vec![Part::text("x"); 50_000]);
        assert_eq!(omitted, ((50_000 - event.len()) * json_len(&Part::text("x"))) as u64);
    }

    #[test]
    fn the_transcript_is_bounded_too() {
        let (_, whole) = check(vec![Part::text("x".repeat(17 << 20))]);
        let (content, omitted) = whole.unwrap();
        assert!(json_len(&content) <= WHOLE_BYTES);
        assert_eq!(omitted, ((17 << 20) - content[0].as_text().unwrap().len()) as u64);
    }
}
