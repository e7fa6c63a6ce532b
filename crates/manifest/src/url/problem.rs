//! What is wrong with a URL.
//!
//! Owns the words. Never repeats the URL: it may hold a secret.

/// Why a URL is refused whatever is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum UrlProblem {
    /// Longer than any URL needs to be.
    #[error("it is longer than 8192 bytes")]
    TooLong,
    /// A space, a tab or a line end. A parser would take some of them away.
    #[error("it has white space in it")]
    Whitespace,
    /// A control character.
    #[error("it has a control character in it")]
    ControlCharacter,
    /// A character that is drawn as nothing, or turns the direction of text.
    #[error("it has an invisible character in it")]
    Invisible,
    /// A backslash, which some read as a slash.
    #[error("it has a backslash in it")]
    Backslash,
    /// `user:password@`.
    #[error("it has a user or a password in it; a credential belongs in the grant's `headers`")]
    Userinfo,
    /// `#…`, which is never sent.
    #[error("it has a fragment (`#`)")]
    Fragment,
    /// Not of the form `scheme://host…`.
    #[error("it is not of the form scheme://host/path")]
    NotAbsolute,
    /// None of the four schemes.
    #[error("its scheme is none of https, http, wss and ws")]
    UnknownScheme,
    /// No host.
    #[error("it has no host")]
    EmptyHost,
    /// A host that ends with a dot.
    #[error("its host ends with a dot")]
    TrailingDot,
    /// Two dots in a row, or one in front.
    #[error("its host has an empty label")]
    EmptyLabel,
    /// A host that no resolver takes.
    #[error("its host, or a label of it, is too long")]
    HostTooLong,
    /// A character that no name has.
    #[error("its host has a character that host names do not have")]
    HostCharacter,
    /// A percent sign in the host.
    #[error("its host has an escape (`%`)")]
    EncodedHost,
    /// `[fe80::1%eth0]`: an address that means something else on each machine.
    #[error("its address has a zone")]
    ZoneId,
    /// A host that the WHATWG rules refuse.
    #[error("its host is no name and no address")]
    BadHost,
    /// A port that is no number up to 65535.
    #[error("its port is no number from 1 to 65535")]
    BadPort,
    /// `%2f` in the path.
    #[error("its path has an encoded slash (`%2f`)")]
    EncodedSlash,
    /// `%5c` in the path.
    #[error("its path has an encoded backslash (`%5c`)")]
    EncodedBackslash,
    /// `%00` and the like in the path.
    #[error("its path has an encoded control character")]
    EncodedControl,
    /// `%25` and then two hexadecimal digits.
    #[error("its path is encoded twice (`%25` before an escape)")]
    DoubleEncoding,
    /// A percent sign that begins no escape.
    #[error("its path has a `%` without two hexadecimal digits")]
    BadEscape,
    /// Escapes that are no UTF-8, overlong ones among them.
    #[error("its path is not UTF-8 when decoded")]
    NotUtf8,
    /// `..;x`, which is `..` to some servers.
    #[error("its path has a dot segment with parameters (`..;`)")]
    DotSegment,
    /// Anything else that the WHATWG rules refuse.
    #[error("it is no URL by the WHATWG rules")]
    Unparsable,
}

impl UrlProblem {
    /// One word for scripts and tests.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            UrlProblem::TooLong => "too_long",
            UrlProblem::Whitespace => "whitespace",
            UrlProblem::ControlCharacter => "control",
            UrlProblem::Invisible => "invisible",
            UrlProblem::Backslash => "backslash",
            UrlProblem::Userinfo => "userinfo",
            UrlProblem::Fragment => "fragment",
            UrlProblem::NotAbsolute => "not_absolute",
            UrlProblem::UnknownScheme => "unknown_scheme",
            UrlProblem::EmptyHost => "empty_host",
            UrlProblem::TrailingDot => "trailing_dot",
            UrlProblem::EmptyLabel => "empty_label",
            UrlProblem::HostTooLong => "host_too_long",
            UrlProblem::HostCharacter => "host_character",
            UrlProblem::EncodedHost => "encoded_host",
            UrlProblem::ZoneId => "zone_id",
            UrlProblem::BadHost => "bad_host",
            UrlProblem::BadPort => "bad_port",
            UrlProblem::EncodedSlash => "encoded_slash",
            UrlProblem::EncodedBackslash => "encoded_backslash",
            UrlProblem::EncodedControl => "encoded_control",
            UrlProblem::DoubleEncoding => "double_encoding",
            UrlProblem::BadEscape => "bad_escape",
            UrlProblem::NotUtf8 => "not_utf8",
            UrlProblem::DotSegment => "dot_segment",
            UrlProblem::Unparsable => "unparsable",
        }
    }
}
