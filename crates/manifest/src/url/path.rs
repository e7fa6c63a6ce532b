//! Paths in one form.
//!
//! Owns how a path is normalised (RFC 3986 §6.2.2) and when one path is below another. Must not
//! repair what a server might read in two ways: that is refused.

use super::UrlProblem;
use std::borrow::Cow;

/// A path with unreserved characters decoded and other escapes in upper case.
///
/// The WHATWG parser has removed dot segments already, those written `%2e` too.
pub(super) fn normalise(path: &str) -> Result<Cow<'_, str>, UrlProblem> {
    let path = if path.contains('%') { Cow::Owned(decode(path)?) } else { Cow::Borrowed(path) };
    for segment in path.split('/') {
        let name = segment.split(';').next().unwrap_or(segment);
        // `..;x` is `..` to servers that strip parameters
        if name == "." || name == ".." {
            return Err(UrlProblem::DotSegment);
        }
        if segment.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("..%3b"))
            || segment.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(".%3b"))
        {
            return Err(UrlProblem::DotSegment);
        }
    }
    Ok(path)
}

/// Decodes what RFC 3986 §2.3 calls unreserved, and refuses escapes with two readings.
fn decode(path: &str) -> Result<String, UrlProblem> {
    let mut out = String::with_capacity(path.len());
    let mut whole: Vec<u8> = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            // the parser has escaped everything that is not ASCII
            out.push(char::from(byte));
            whole.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(bytes.next()), digit(bytes.next())) else {
            return Err(UrlProblem::BadEscape);
        };
        let value = u8::try_from(high << 4 | low).map_err(|_| UrlProblem::BadEscape)?;
        whole.push(value);
        match value {
            b'/' => return Err(UrlProblem::EncodedSlash),
            b'\\' => return Err(UrlProblem::EncodedBackslash),
            0..0x20 | 0x7f => return Err(UrlProblem::EncodedControl),
            b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => out.push(char::from(value)),
            _ => {
                out.push('%');
                for digit in [high, low] {
                    out.extend(char::from_digit(digit, 16).map(|digit| digit.to_ascii_uppercase()));
                }
            }
        }
    }
    // overlong forms such as `%C0%AF` are no UTF-8
    if std::str::from_utf8(&whole).is_err() {
        return Err(UrlProblem::NotUtf8);
    }
    if is_encoded_twice(&out) {
        return Err(UrlProblem::DoubleEncoding);
    }
    Ok(out)
}

/// Whether an escape of `%` is followed by what makes it an escape again.
fn is_encoded_twice(path: &str) -> bool {
    path.match_indices("%25").any(|(at, escape)| {
        let rest = path.as_bytes().get(at + escape.len()..).unwrap_or_default();
        matches!(rest, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
    })
}

/// Whether `prefix` covers `path`, on whole segments. Both are normalised.
#[must_use]
pub(crate) fn is_below(path: &str, prefix: &str) -> bool {
    let Some(rest) = path.strip_prefix(prefix) else { return false };
    rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreserved_is_decoded_and_the_rest_is_in_upper_case() {
        for (path, normal) in [
            ("/", "/"),
            ("/a%2Db%2e%5f%7e", "/a-b._~"),
            ("/%61pi", "/api"),
            ("/%e2%82%ac", "/%E2%82%AC"),
            ("/100%25", "/100%25"),
            ("/a%3ab", "/a%3Ab"),
        ] {
            assert_eq!(normalise(path).as_deref(), Ok(normal), "{path}");
        }
    }

    #[test]
    fn what_has_two_readings_is_refused() {
        for (path, problem) in [
            ("/a%2fb", UrlProblem::EncodedSlash),
            ("/a%5Cb", UrlProblem::EncodedBackslash),
            ("/a%252fb", UrlProblem::DoubleEncoding),
            ("/a%25%32%66b", UrlProblem::DoubleEncoding),
            ("/a%%32fb", UrlProblem::BadEscape),
            ("/a%", UrlProblem::BadEscape),
            ("/a%zz", UrlProblem::BadEscape),
            ("/a%00", UrlProblem::EncodedControl),
            ("/a%c0%af", UrlProblem::NotUtf8),
            ("/a/..;/b", UrlProblem::DotSegment),
            ("/a/%2e%2e;x/b", UrlProblem::DotSegment),
            ("/a/..%3b/b", UrlProblem::DotSegment),
        ] {
            assert_eq!(normalise(path), Err(problem), "{path}");
        }
    }

    #[test]
    fn prefixes_end_where_segments_do() {
        for (path, prefix, below) in [
            ("/api", "/api", true),
            ("/api/x", "/api", true),
            ("/apix", "/api", false),
            ("/api", "/api/", false),
            ("/api/x", "/api/", true),
            ("/x", "/", true),
            ("/API", "/api", false),
        ] {
            assert_eq!(is_below(path, prefix), below, "{path} {prefix}");
        }
    }
}
