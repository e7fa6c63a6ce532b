//! Agreeing on compressed messages (RFC 7692 §5, permessage-deflate).
//!
//! Owns reading what a client offers, and the one answer there is: without context takeover in
//! either direction, so that a message is compressed once for everybody. Must not compress.

use http::HeaderValue;

const NAME: &str = "permessage-deflate";
const AGREED: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// The answer to the first offer that can be accepted.
pub(super) fn agree<'a>(mut offers: impl Iterator<Item = &'a HeaderValue>) -> Option<HeaderValue> {
    let acceptable = |value: &HeaderValue| value.to_str().is_ok_and(|text| unquoted(text, b',').any(is_acceptable));
    offers.any(acceptable).then(|| HeaderValue::from_static(AGREED))
}

fn is_acceptable(offer: &str) -> bool {
    let mut parts = unquoted(offer, b';').map(str::trim);
    if !parts.next().is_some_and(|name| name.eq_ignore_ascii_case(NAME)) {
        return false;
    }
    let mut seen = Vec::new();
    parts.all(|part| {
        let (name, value) = part.split_once('=').map_or((part, None), |(name, value)| (name, Some(value)));
        let (name, value) = (name.trim(), value.map(str::trim).map(|value| quoted(value).unwrap_or(value)));
        let fits = match (&*name.to_ascii_lowercase(), value) {
            ("server_no_context_takeover" | "client_no_context_takeover" | "client_max_window_bits", None) => true,
            ("client_max_window_bits", Some(bits)) => is_window(bits),
            // a smaller window than the whole of 32 KiB is not made here (§7.1.2.1)
            ("server_max_window_bits", Some(bits)) => bits == "15",
            _ => false,
        };
        let once = !seen.iter().any(|has: &&str| has.eq_ignore_ascii_case(name));
        seen.push(name);
        fits && once
    })
}

/// The parts between separators outside of quoted strings (RFC 9110 §5.6.4, §5.6.6).
fn unquoted(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(move |c: char| {
        let ends = !is_quoted && c == char::from(separator);
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = is_quoted && c == '\\' && !is_escaped;
        ends
    })
}

/// What is in a quoted string, of which ours escape nothing.
fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

fn is_window(bits: &str) -> bool {
    matches!(bits, "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreed(offers: &[&'static str]) -> bool {
        let offers: Vec<_> = offers.iter().map(|offer| HeaderValue::from_static(offer)).collect();
        agree(offers.iter()).is_some()
    }

    #[test]
    fn takes_what_browsers_and_libraries_offer() {
        for offer in [
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=12; server_no_context_takeover",
            "permessage-deflate; server_max_window_bits=15",
            "x-other, permessage-deflate; client_max_window_bits=\"15\"",
            "permessage-deflate; server_max_window_bits=10, permessage-deflate",
            "permessage-deflate; of_tomorrow=\"a; b, \\\"c\", permessage-deflate",
            "PerMessage-Deflate; Client_Max_Window_Bits=10",
        ] {
            assert!(agreed(&[offer]), "{offer}");
        }
        assert!(agreed(&["x-webkit-deflate-frame", "permessage-deflate"]));
    }

    #[test]
    fn declines_what_it_could_not_keep() {
        for offer in [
            "x-webkit-deflate-frame",
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; client_max_window_bits=7",
            "permessage-deflate; of_tomorrow",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; client_max_window_bits; Client_Max_Window_Bits=10",
            "permessage-deflate; client_max_window_bits=\"\"15",
            "x; y=\"a, permessage-deflate, b\"",
            "x; y=\"\\\", permessage-deflate\"",
        ] {
            assert!(!agreed(&[offer]), "{offer}");
        }
    }
}
