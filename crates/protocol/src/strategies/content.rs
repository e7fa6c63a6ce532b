//! Parts of content and whole entries.
//!
//! Owns how content is made up.

use super::{extra, name, run_id, text, timestamp, word};
use crate::{
    BlockStatus, DiffPart, Entry, EntryKind, ImagePart, KnownPart, Level, Part, ResourcePart, TerminalPart, TextPart,
};
use proptest::option;
use proptest::prelude::*;

pub(crate) fn part() -> impl Strategy<Value = Part> {
    let known = prop_oneof![
        (text(), extra()).prop_map(|(text, extra)| KnownPart::Text(TextPart { text, extra })),
        (text(), option::of(text()), option::of(text()), extra())
            .prop_map(|(mime_type, data, uri, extra)| { KnownPart::Image(ImagePart { mime_type, data, uri, extra }) }),
        (text(), extra()).prop_map(|(uri, extra)| KnownPart::Resource(ResourcePart { uri, extra })),
        (text(), option::of(text()), option::of(text()), extra())
            .prop_map(|(path, old, new, extra)| KnownPart::Diff(DiffPart { path, old, new, extra })),
        extra().prop_map(|extra| KnownPart::Terminal(TerminalPart { extra })),
    ];
    let unknown = (extra(), "[A-Z]{1,4}").prop_map(|(mut members, name)| {
        members.insert("type".into(), name.into());
        Part::Unknown(members)
    });
    prop_oneof![3 => known.prop_map(Part::Known), 1 => unknown]
}

pub(crate) fn parts() -> impl Strategy<Value = Vec<Part>> {
    prop::collection::vec(part(), 0..3)
}

pub(crate) fn entry() -> impl Strategy<Value = Entry> {
    let names = (option::of(name()), option::of(run_id()), option::of(name()), option::of(text()), option::of(text()));
    let said =
        (option::of(text()), option::of(parts()), option::of(word(BlockStatus::KNOWN)), option::of(any::<bool>()));
    let notice = (option::of(word(Level::KNOWN)), option::of(text()), option::of(text()));
    (word(EntryKind::KNOWN), names, said, notice, any::<u32>(), timestamp(), extra()).prop_map(
        |(kind, names, said, notice, omitted, at, extra)| Entry {
            entry_id: names.0,
            run_id: names.1,
            call_id: names.2,
            tool: names.3,
            title: names.4,
            text: said.0,
            content: said.1,
            status: said.2,
            is_error: said.3,
            level: notice.0,
            code: notice.1,
            message: notice.2,
            omitted_bytes: omitted.into(),
            extra,
            ..Entry::new(kind, at)
        },
    )
}
