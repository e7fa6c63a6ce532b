//! Files that were compressed when the console was built.
//!
//! Owns their names, and which of them a client takes (RFC 9110 §12.5.3). Must not compress anything.

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// How a file may have been compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
}

/// In the order in which they are tried: the smaller first.
const ALL: [Encoding; 2] = [Encoding::Brotli, Encoding::Gzip];

impl Encoding {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Brotli => "br",
            Encoding::Gzip => "gzip",
        }
    }

    fn suffix(self) -> &'static str {
        match self {
            Encoding::Brotli => ".br",
            Encoding::Gzip => ".gz",
        }
    }

    /// The file that holds `name` in this form.
    pub fn variant(self, name: &str) -> String {
        format!("{name}{}", self.suffix())
    }
}

/// Whether a file is another in a compressed form.
pub(super) fn is_variant(name: &str) -> bool {
    ALL.iter().any(|encoding| name.ends_with(encoding.suffix()))
}

/// The forms that a client takes, the smallest first. One that it gives no weight is one it refuses.
pub(super) fn accepted(headers: &HeaderMap) -> impl Iterator<Item = Encoding> {
    let said: Vec<String> = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|item| item.trim().to_ascii_lowercase())
        .collect();
    ALL.into_iter().filter(move |encoding| {
        said.iter().any(|item| {
            let mut parts = item.split(';').map(str::trim);
            let weight = |part: &str| part.strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
            parts.next() == Some(encoding.name()) && parts.next().and_then(weight) != Some(0.0)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn of(values: &[&'static str]) -> Vec<Encoding> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_static(value));
        }
        accepted(&headers).collect()
    }

    #[test]
    fn takes_what_the_client_names_and_does_not_refuse() {
        assert_eq!(of(&["gzip, deflate, br, zstd"]), [Encoding::Brotli, Encoding::Gzip]);
        assert_eq!(of(&["GZIP;q=0.5"]), [Encoding::Gzip]);
        assert_eq!(of(&["br; q=0", "gzip"]), [Encoding::Gzip]);
        for none in ["", "identity", "*;q=0", "brr, xgzip", "br;q=0.0"] {
            assert!(of(&[none]).is_empty(), "{none:?}");
        }
        assert!(of(&[]).is_empty());
    }
}
