//! The URL tests of web-platform-tests: the parse must be theirs, and everything that is refused on
//! top of it is named.

use manifest::{CheckedUrl, UrlProblem};
use serde_json::Value;
use std::collections::BTreeMap;

const TESTS: &str = include_str!("../corpus/urltestdata.json");

/// What we refuse although the WHATWG rules take it. Everything else that they take must be ours.
fn is_ours_to_refuse(problem: UrlProblem) -> bool {
    use UrlProblem as P;
    matches!(
        problem,
        P::Whitespace
            | P::ControlCharacter
            | P::Invisible
            | P::Backslash
            | P::Userinfo
            | P::Fragment
            | P::NotAbsolute
            | P::EmptyHost
            | P::TrailingDot
            | P::EmptyLabel
            | P::HostTooLong
            | P::HostCharacter
            | P::EncodedHost
            | P::BadPort
            | P::EncodedSlash
            | P::EncodedBackslash
            | P::EncodedControl
            | P::DoubleEncoding
            | P::BadEscape
            | P::NotUtf8
            | P::DotSegment
    )
}

#[test]
fn the_parse_is_that_of_web_platform_tests() {
    let tests: Vec<Value> = serde_json::from_str(TESTS).unwrap();
    let (mut parsed, mut failed) = (0, 0);
    let mut refused = BTreeMap::<&str, usize>::new();
    for test in tests.iter().filter(|test| test.is_object()) {
        // the base is of no use to us: only absolute URLs of the four schemes
        let input = test["input"].as_str().unwrap();
        let ours = CheckedUrl::parse(input);
        if test["failure"] == true {
            assert!(ours.is_err(), "{input:?} must fail");
            failed += 1;
            continue;
        }
        let is_ours = ["http:", "https:", "ws:", "wss:"].contains(&test["protocol"].as_str().unwrap());
        match ours {
            Ok(url) => {
                assert!(is_ours, "{input:?}");
                let port = test["port"].as_str().unwrap();
                let port = port.parse().unwrap_or(url.scheme().default_port());
                assert_eq!(format!("{}:", url.scheme()), test["protocol"], "{input:?}");
                assert_eq!(url.host().to_string(), test["hostname"], "{input:?}");
                assert_eq!(url.port(), port, "{input:?}");
                assert_eq!(decoded(url.path()), decoded(test["pathname"].as_str().unwrap()), "{input:?}");
                let search = test["search"].as_str().unwrap();
                assert_eq!(url.query().unwrap_or_default(), search.trim_start_matches('?'), "{input:?}");
                parsed += 1;
            }
            Err(problem) if is_ours => {
                assert!(is_ours_to_refuse(problem), "{input:?}: {problem}");
                *refused.entry(problem.code()).or_default() += 1;
            }
            Err(_) => {}
        }
    }
    assert!(parsed > 60 && failed > 200, "{parsed} parsed, {failed} failed");
    insta::assert_debug_snapshot!(refused);
}

/// A path with every escape of what is unreserved decoded and the others in upper case, by other means than the crate's.
fn decoded(path: &str) -> String {
    let mut path = path.to_owned();
    for c in ('0'..='9').chain('A'..='Z').chain('a'..='z').chain("-._~".chars()) {
        for escape in [format!("%{:02x}", u32::from(c)), format!("%{:02X}", u32::from(c))] {
            path = path.replace(&escape, &c.to_string());
        }
    }
    let mut upper = String::new();
    for (number, part) in path.split('%').enumerate() {
        let (hex, rest) = part.split_at_checked(if number == 0 { 0 } else { 2 }).unwrap_or((part, ""));
        upper.push_str(if number == 0 { "" } else { "%" });
        upper.push_str(&hex.to_ascii_uppercase());
        upper.push_str(rest);
    }
    upper
}
