//! The answers that the HTTP library writes by itself, to what is no request.
//!
//! Owns recognising them in what is about to be written, and the problem documents that go out in
//! their place. Must not touch anything else: none of our own answers has a status from 400 on
//! and no content, and no content that we write holds a carriage return.

use crate::PROBLEM_JSON;
use protocol::{Code, Problem};

/// The longest of them.
const LONGEST: usize = 256;

/// Where in `bytes` such an answer begins, and its status. It is always the last thing written.
pub(super) fn find(bytes: &[u8]) -> Option<(usize, u16)> {
    if !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let from = bytes.len().saturating_sub(LONGEST);
    let tail = bytes.get(from..)?;
    let at = tail.windows(9).rposition(|window| window == b"HTTP/1.1 ")?;
    let head = std::str::from_utf8(tail.get(at..)?).ok()?;
    let status = head.get(9..12)?.parse().ok()?;
    let mut lines = head.split("\r\n").skip(1);
    let bare = lines.all(|line| {
        let name = line.split(':').next().unwrap_or_default();
        ["connection", "content-length", "date", ""].contains(&name)
    });
    let ours = bare && head.contains("content-length: 0\r\n") && matches!(status, 400 | 414 | 431);
    ours.then_some((from + at, status))
}

/// What goes out instead.
pub(super) fn instead(status: u16, header_bytes: usize) -> Vec<u8> {
    let (reason, code, detail) = match status {
        414 => {
            ("URI Too Long", Code::PayloadTooLarge, "the request's target is longer than this server takes".to_owned())
        }
        431 => (
            "Request Header Fields Too Large",
            Code::PayloadTooLarge,
            format!("the request's head has more than 100 fields or {header_bytes} bytes"),
        ),
        _ => ("Bad Request", Code::InvalidInput, "this is not a request in the form of HTTP/1.1 (RFC 9112)".to_owned()),
    };
    let problem = Problem { status, ..Problem::new(code, detail) };
    let json = serde_json::to_string(&problem).unwrap_or_default();
    let length = json.len();
    format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: {PROBLEM_JSON}\r\ncontent-length: {length}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n{json}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DATE: &str = "date: Thu, 01 Jan 1970 00:00:00 GMT";

    #[test]
    fn finds_only_what_the_library_writes_by_itself() {
        let bare = format!(
            "HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n{DATE}\r\n\r\n"
        );
        assert_eq!(find(bare.as_bytes()), Some((0, 431)));
        assert_eq!(find(format!("{{}}{bare}").as_bytes()), Some((2, 431)));
        for other in [
            format!("{bare}x"),
            bare.replace("431", "404"),
            bare.replace("431", "200"),
            bare.replace("connection", "location"),
            bare.replace("content-length: 0", "content-length: 5"),
            "0\r\n\r\n".to_owned(),
            String::new(),
        ] {
            assert_eq!(find(other.as_bytes()), None, "{other}");
        }
        let text = String::from_utf8(instead(431, 65536)).unwrap();
        assert!(find(text.as_bytes()).is_none());
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        let problem: Problem = serde_json::from_str(body).unwrap();
        assert_eq!((problem.status, problem.code), (431, Code::PayloadTooLarge));
    }

    proptest! {
        #[test]
        fn any_bytes_are_looked_at_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut ended = bytes.clone();
            ended.extend_from_slice(b"\r\n\r\n");
            prop_assert!(find(&bytes).is_none_or(|(at, _)| at <= bytes.len()));
            prop_assert!(find(&ended).is_none_or(|(at, _)| at <= ended.len()));
        }
    }
}
