//! The credential in a request's head.
//!
//! Owns where it stands (RFC 6750 §2.1). Must not judge or keep it.

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// What a request shows as `Authorization: Bearer …`; nothing where there is another scheme, or
/// more than one such header.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn shown(values: &[&'static str]) -> Option<String> {
        let values = values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_static(value)));
        let mut headers = HeaderMap::new();
        headers.extend(values);
        bearer(&headers).map(|token| String::from_utf8(token.to_vec()).unwrap())
    }

    #[test]
    fn is_one_and_of_its_scheme() {
        assert_eq!(shown(&["Bearer right"]), Some("right".to_owned()));
        assert_eq!(shown(&["bEARER right "]), Some("right ".to_owned()));
        for none in [&[][..], &["right"], &["Basic right"], &["Bearer"], &["Bearer right", "Bearer right"]] {
            assert_eq!(shown(none), None, "{none:?}");
        }
    }
}
