//! An event of an unknown type passes byte for byte, wherever it stands.

use crate::strategies::history::nobody;
use crate::{AnyEvent, Envelope, EventFrame, Frame, Status, WorkerId};
use proptest::prelude::*;

/// JSON text as nobody here would write it: odd spaces, escapes, spellings and repeated names.
fn odd_json() -> impl Strategy<Value = String> {
    let string = || {
        prop_oneof![
            Just(r#""\u0041\/\ud83d\ude00""#.to_owned()),
            "\"[a-z漢\u{7f}]{0,5}\"",
            Just(r#""\"\\""#.to_owned())
        ]
    };
    let number =
        prop::sample::select(vec!["1E400", "-0", "1.50", "0.1e-7", "123456789012345678901234567890", "1E+2", "2.0"]);
    let leaf = prop_oneof![
        number.prop_map(str::to_owned),
        string(),
        prop::sample::select(vec!["true", "null", "[ ]", "{\t}"]).prop_map(str::to_owned)
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let member = (string(), "[ \n\r\t]{0,2}", inner.clone())
            .prop_map(|(name, space, v)| format!("{name}{space}:{space}{v}"));
        prop_oneof![
            (prop::collection::vec(inner, 0..4), "[ \n\t]{0,2}")
                .prop_map(|(v, space)| format!("[{space}{}{space}]", v.join(","))),
            (prop::collection::vec(member, 0..4), "[ \n\t]{0,2}")
                .prop_map(|(v, space)| format!("{{{}{space}}}", v.join(","))),
        ]
    })
}

/// An event of an unknown type, its `type` anywhere.
fn unknown() -> impl Strategy<Value = String> {
    let members = || prop::collection::vec(("[x-z]", odd_json()), 0..5);
    let name = prop::sample::select(vec![r#""\u0074omorrow""#, r#""tomorrow""#, r#""""#, r#""漢""#]);
    (members(), name, members(), "[ \n]{0,2}").prop_map(|(before, name, after, space)| {
        let members = |m: Vec<(String, String)>| m.into_iter().map(|(n, v)| format!("\"{n}\":{v}")).collect::<Vec<_>>();
        let mut all = members(before);
        all.push(format!("{space}\"type\" :{space}{name}"));
        all.extend(members(after));
        format!("{{{}{space}}}", all.join(","))
    })
}

proptest! {
    #[test]
    fn alone_and_in_frames(json in unknown()) {
        let event = AnyEvent::from_json(&json).unwrap();
        let AnyEvent::Unknown(inner) = &event else { panic!("{json}") };
        prop_assert_eq!(inner.json(), &json);
        prop_assert_eq!(&serde_json::to_string(&event).unwrap(), &json);
        let again: AnyEvent = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&serde_json::to_string(&again).unwrap(), &json);
        let listed: Vec<AnyEvent> = serde_json::from_str(&format!("[{json} ,{json}]")).unwrap();
        prop_assert_eq!(serde_json::to_string(&listed).unwrap(), format!("[{json},{json}]"));

        let mut text = Vec::new();
        let worker_id = WorkerId::from_parts(1, 2);
        Envelope::new(None, worker_id).write_event(&mut text, "c", json.as_bytes());
        let text = String::from_utf8(text).unwrap();
        let frame = Frame::from_json(&text).unwrap();
        prop_assert_eq!(&serde_json::to_string(&frame).unwrap(), &text);
        let Frame::Event(EventFrame { event, .. }) = frame else { panic!("{text}") };
        prop_assert_eq!(event.get(), &json);

        let mut state = nobody();
        state.apply(&AnyEvent::from_json(&json).unwrap());
        prop_assert_eq!(state, nobody());
    }
}

#[test]
fn spaces_around_an_event_are_none_of_it() {
    let event = AnyEvent::from_json(" \n{\"type\":\"x\"}\t").unwrap();
    assert_eq!(serde_json::to_string(&event).unwrap(), "{\"type\":\"x\"}");
}

#[test]
fn an_unknown_event_may_be_as_deep_as_it_likes() {
    let json = format!("{{\"type\":\"x\",\"v\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(serde_json::to_string(&AnyEvent::from_json(&json).unwrap()).unwrap(), json);
}

#[test]
fn unknown_words_are_kept_while_they_are_words() {
    let word = "é".repeat(32);
    let status: Status = serde_json::from_str(&format!("\"{word}\"")).unwrap();
    assert_eq!(status, Status::Other(word.as_str().into()));
    assert!(serde_json::from_str::<Status>(&format!("\"{word}x\"")).is_err());
    assert_eq!(Status::from(&*format!("x{word}")).as_str().len(), 63);
}

#[test]
fn an_unknown_frame_is_told_by_its_kind() {
    let frame = Frame::from_json(r#"{"a":[1e999],"kind":"of_tomorrow"}"#).unwrap();
    assert!(matches!(&frame, Frame::Unknown { kind } if kind == "of_tomorrow"));
    assert!(serde_json::to_string(&frame).is_err(), "it is not ours to send");
}
