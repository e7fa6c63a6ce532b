//! The Public Suffix List: who gives out the names under a name.
//!
//! Owns the generic code of `psl`, which is the list itself as code and takes a minute to compile. Here it is
//! compiled once, for whoever asks and for their tests.
//!
//! <https://github.com/publicsuffix/list/wiki/Format>

/// Who gives out the names right under a public suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// A registry: the ICANN section of the list, and every top-level domain that is not on it.
    Registry,
    /// Somebody who gives names to strangers, such as `github.io`: the private section.
    Private,
}

/// The section in which a name, in ASCII and in small letters, is a public suffix: with a rule of its own, or
/// as the parent of a rule such as `*.compute.amazonaws.com`. None for every other name.
#[must_use]
pub fn section(name: &str) -> Option<Section> {
    suffix(name).or_else(|| suffix(&format!("x.{name}")))
}

/// The domain that somebody has registered, to which a name belongs: `example.co.uk` of
/// `a.b.example.co.uk`. None for a public suffix.
#[must_use]
pub fn registrable(name: &str) -> Option<&str> {
    psl::domain_str(name)
}

fn suffix(name: &str) -> Option<Section> {
    let suffix = psl::suffix(name.as_bytes()).filter(|suffix| suffix.as_bytes() == name.as_bytes())?;
    Some(if suffix.typ() == Some(psl::Type::Private) { Section::Private } else { Section::Registry })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_by_who_gives_out_the_names_under_it() {
        let cases = [
            ("com", Some(Section::Registry)),
            ("co.uk", Some(Section::Registry)),
            ("kawasaki.jp", Some(Section::Registry)),
            ("nobody-has-this", Some(Section::Registry)),
            ("github.io", Some(Section::Private)),
            ("compute.amazonaws.com", Some(Section::Private)),
            ("example.com", None),
            ("a.github.io", None),
        ];
        for (name, expected) in cases {
            assert_eq!(section(name), expected, "{name}");
        }
    }

    #[test]
    fn what_is_registered_is_the_label_before_the_suffix() {
        assert_eq!(registrable("a.b.example.co.uk"), Some("example.co.uk"));
        assert_eq!(registrable("example.co.uk"), Some("example.co.uk"));
        assert_eq!(registrable("co.uk"), None);
    }
}
