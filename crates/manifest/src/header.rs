//! Headers that a plugin cannot set.
//!
//! Owns the list. Must not see a header's value.

use crate::target::{MAX_TOKEN, is_token};

/// Names that are refused, in lower case.
const NAMES: [&str; 26] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "front-end-https",
    "host",
    "http2-settings",
    "keep-alive",
    "origin",
    "set-cookie",
    "set-cookie2",
    "te",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "upgrade",
    "via",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-host",
    "x-original-host",
    "x-real-ip",
    "www-authenticate",
];

/// How refused names begin: proxies and browsers speak with them, and others make a server take
/// another method or another path than the one that was checked.
const STARTS: [&str; 9] = [
    "proxy-",
    "sec-",
    "x-forwarded-",
    "x-http-method",
    "x-method-override",
    "x-original-",
    "x-rewrite-",
    "x-amz-security-",
    "access-control-",
];

/// What refused names hold: words for credentials.
const WORDS: [&str; 10] =
    ["token", "secret", "api-key", "apikey", "api_key", "password", "passwd", "credential", "session", "signature"];

/// Whether a plugin may set a header.
#[must_use]
pub fn is_allowed(name: &str) -> bool {
    // asked for each header of each request, so that the name is put in lower case once, in place
    let mut buffer = [0; MAX_TOKEN];
    let Some(name) = lower(name, &mut buffer) else { return false };
    // `idempotency-key` is no credential
    let is_key = |part: &str| part == "key" && name != "idempotency-key";
    let is_auth = || name.split(['-', '_']).any(|part| part == "auth" || is_key(part));
    !(NAMES.contains(&name) || STARTS.iter().any(|start| name.starts_with(start)) || holds_word(name) || is_auth())
}

/// A token in lower case.
fn lower<'b>(name: &str, buffer: &'b mut [u8; MAX_TOKEN]) -> Option<&'b str> {
    let copy = buffer.get_mut(..name.len()).filter(|_| is_token(name))?;
    copy.copy_from_slice(name.as_bytes());
    copy.make_ascii_lowercase();
    std::str::from_utf8(copy).ok()
}

/// Whether a name in lower case holds a word for credentials.
fn holds_word(name: &str) -> bool {
    let bytes = name.as_bytes();
    bytes.iter().enumerate().any(|(at, first)| {
        // most letters begin none of the words
        matches!(first, b't' | b's' | b'a' | b'p' | b'c')
            && bytes.get(at..).is_some_and(|rest| WORDS.iter().any(|word| rest.starts_with(word.as_bytes())))
    })
}

/// Whether the host may put a credential into a header: any but those that frame the message or
/// say where it goes.
pub(crate) fn can_hold_credential(name: &str) -> bool {
    let framing = [
        "connection",
        "content-length",
        "content-type",
        "expect",
        "forwarded",
        "host",
        "http2-settings",
        "keep-alive",
        "origin",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    ];
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    let begins = |start: &&str| name.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
    is_token(name) && !framing.iter().any(|other| is(other)) && !["sec-", "proxy-", "x-forwarded-"].iter().any(begins)
}

/// Whether a header of a response is kept from the plugin: it sets cookies or carries credentials,
/// or has a name that is no token of a usual length.
#[must_use]
pub fn is_hidden_in_response(name: &str) -> bool {
    let names = [
        "set-cookie",
        "set-cookie2",
        "authorization",
        "proxy-authorization",
        "www-authenticate",
        "proxy-authenticate",
        "authentication-info",
        "proxy-authentication-info",
    ];
    let mut buffer = [0; MAX_TOKEN];
    lower(name, &mut buffer).is_none_or(|name| names.contains(&name) || holds_word(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_wire_of_proxies_and_of_credentials_are_refused() {
        for name in [
            "authorization",
            "Authorization",
            "proxy-authorization",
            "Cookie",
            "HOST",
            "origin",
            "sec-websocket-key",
            "Sec-Fetch-Site",
            "connection",
            "upgrade",
            "forwarded",
            "X-Forwarded-Host",
            "x-auth-token",
            "x-api-key",
            "X-ApiKey",
            "x-client-secret",
            "api_key",
            "x-session-id",
            "transfer-encoding",
            "content-length",
            "te",
            "x-http-method-override",
            "x-original-url",
            "x-rewrite-url",
            "private-key",
            "x-auth",
            "",
            "a b",
            "a:b",
            "a\r\nb",
            "é",
        ] {
            assert!(!is_allowed(name), "{name:?}");
        }
        for name in [
            "accept",
            "content-type",
            "If-None-Match",
            "user-agent",
            "x-request-id",
            "x-author",
            "Idempotency-Key",
            "monkey",
        ] {
            assert!(is_allowed(name), "{name}");
        }
    }

    #[test]
    fn every_word_begins_with_a_letter_that_is_looked_for() {
        for word in WORDS {
            assert!(!is_allowed(&format!("x-{word}-y")) && !is_allowed(&word.to_uppercase()), "{word}");
        }
    }

    #[test]
    fn credentials_go_where_nothing_else_depends_on() {
        for (name, can) in
            [("authorization", true), ("X-Api-Key", true), ("cookie", true), ("host", false), ("sec-x", false)]
        {
            assert_eq!(can_hold_credential(name), can, "{name}");
        }
        assert!(is_hidden_in_response("Set-Cookie") && is_hidden_in_response("x-csrf-token"));
        assert!(!is_hidden_in_response("content-type"));
    }
}
