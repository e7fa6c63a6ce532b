//! What is refused in the text of a URL before anybody parses it.
//!
//! Owns the refusals that a parser would hide by repairing the text. Must not decide what a URL
//! may reach.

use super::UrlProblem;

/// The most bytes of a URL.
pub const MAX_URL_BYTES: usize = 8 << 10;

/// The scheme and the authority of a text that has the form `scheme://authority…`.
pub(super) struct Raw<'t> {
    pub scheme: &'t str,
}

/// Looks at the text as it was given.
pub(super) fn check(text: &str) -> Result<Raw<'_>, UrlProblem> {
    if text.len() > MAX_URL_BYTES {
        return Err(UrlProblem::TooLong);
    }
    for byte in text.bytes() {
        match byte {
            b' ' => return Err(UrlProblem::Whitespace),
            b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => return Err(UrlProblem::Whitespace),
            0..0x20 | 0x7f => return Err(UrlProblem::ControlCharacter),
            b'\\' => return Err(UrlProblem::Backslash),
            b'#' => return Err(UrlProblem::Fragment),
            _ => {}
        }
    }
    if !text.is_ascii() {
        check_unicode(text)?;
    }
    let (scheme, rest) = text.split_once(':').ok_or(UrlProblem::NotAbsolute)?;
    let is_scheme = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if scheme.is_empty() || !is_scheme {
        return Err(UrlProblem::NotAbsolute);
    }
    // a parser takes `https:host`, `https:/host` and `https:///host` for `https://host`
    let rest = rest.strip_prefix("//").ok_or(UrlProblem::NotAbsolute)?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or_default();
    if authority.contains('@') {
        return Err(UrlProblem::Userinfo);
    }
    if authority.is_empty() || authority.starts_with(':') {
        return Err(UrlProblem::EmptyHost);
    }
    if ends_with_dot(authority) {
        return Err(UrlProblem::TrailingDot);
    }
    if authority.contains('%') {
        let zone = authority.starts_with('[');
        return Err(if zone { UrlProblem::ZoneId } else { UrlProblem::EncodedHost });
    }
    Ok(Raw { scheme })
}

/// Whether the host ends with a dot, as a parser takes away from `127.0.0.1.`, in any of the forms
/// that IDNA takes for one.
fn ends_with_dot(authority: &str) -> bool {
    let host = authority.split(':').next().unwrap_or(authority);
    host.ends_with(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'])
}

/// Spaces, controls and characters that nobody sees.
fn check_unicode(text: &str) -> Result<(), UrlProblem> {
    for c in text.chars().filter(|c| !c.is_ascii()) {
        if c.is_whitespace() {
            return Err(UrlProblem::Whitespace);
        }
        if c.is_control() {
            return Err(UrlProblem::ControlCharacter);
        }
        if is_invisible(c) {
            return Err(UrlProblem::Invisible);
        }
    }
    Ok(())
}

/// Characters that are drawn as nothing, or that turn the direction of text: the default-ignorable
/// code points of Unicode, without the fillers of scripts that IDNA refuses by itself.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}
