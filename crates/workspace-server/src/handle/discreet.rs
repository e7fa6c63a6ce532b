//! What a runtime's words must not tell a client.
//!
//! Owns the looking for a runtime's URL, host, port and token in texts that come from it, and what
//! stands in their place. Must not change a text that holds none of them, but for its length.

use super::Detail;
use protocol::api::RuntimeInfo;
use protocol::{Action, Code, Diagnostic, ExpiredReason, Problem, floor_char_boundary};
use yoi_client::Secret;

/// The most bytes of one text.
const TEXT: usize = 4096;
/// The most diagnostics that one answer passes on.
const DIAGNOSTICS: usize = 100;
/// The longest that a runtime can ask clients to wait.
const RETRY_AFTER_MS: u64 = 60 * 60 * 1000;
/// What an operator reads in the place of a token.
const MASK: &str = "***";

/// What must not be told, and the telling of the rest.
pub(super) struct Discreet {
    /// In lower case; each counts where it stands as a word of its own.
    words: Vec<String>,
    token: Option<Secret>,
}

impl Discreet {
    /// Nothing to hide: what is said in this process knows no way to a runtime.
    pub fn nothing() -> Discreet {
        Discreet { words: Vec::new(), token: None }
    }

    /// The way to the runtime at `url`, and the token for it.
    pub fn of(url: &str, token: Option<Secret>) -> Discreet {
        let url = url.trim_end_matches('/').to_ascii_lowercase();
        let mut words = vec![url.clone()];
        if let Ok(uri) = url.parse::<http::Uri>() {
            if let Some(host) = uri.host() {
                let bare = host.trim_start_matches('[').trim_end_matches(']');
                // a host may be called `worker`, which is a word of every other message
                let is_word = bare.bytes().all(|b| b.is_ascii_alphabetic());
                words.push(if is_word { format!("//{bare}") } else { bare.to_owned() });
            }
            words.extend(uri.port().map(|port| format!(":{port}")));
            words.extend(Some(uri.path()).filter(|path| path.len() > 1).map(str::to_owned));
        }
        words.retain(|word| !word.is_empty());
        Discreet { words, token }
    }

    /// Whether the token is not in a text.
    pub fn lacks_token(&self, text: &str) -> bool {
        !self.token.as_ref().is_some_and(|token| text.contains(token.expose()))
    }

    /// Whether a client may read a text.
    pub fn is_clean(&self, text: &str) -> bool {
        if !self.lacks_token(text) {
            return false;
        }
        let text = text.to_ascii_lowercase();
        !self.words.iter().any(|word| holds(&text, word))
    }

    /// `text` within its bound, or `otherwise` where a client must not read it.
    pub fn text(&self, text: String, otherwise: &str) -> String {
        if !self.is_clean(&text) {
            return otherwise.to_owned();
        }
        cut(text)
    }

    /// What an operator may read: everything but the token.
    pub fn detail(&self, text: &str) -> Detail {
        let text = match &self.token {
            Some(token) => text.replace(token.expose(), MASK),
            None => text.to_owned(),
        };
        Detail::new(cut(text))
    }

    /// A problem for clients; `None` where its code is none. What follows from a code that is
    /// known is what this version's table says.
    pub fn problem(&self, problem: Problem) -> Option<Problem> {
        let code = self.code(problem.code)?;
        let title = code.info().title;
        let mut clean = Problem::new(code, self.text(problem.detail, title));
        clean.retryable = problem.retryable;
        clean.action = known(problem.action).unwrap_or(clean.action);
        clean.retry_after_ms = problem.retry_after_ms.map(|ms| ms.min(RETRY_AFTER_MS));
        if matches!(clean.code, Code::Other(_)) && (400..600).contains(&problem.status) {
            clean.status = problem.status;
        }
        Some(clean)
    }

    /// A diagnostic for clients; `None` where its code is none.
    pub fn diagnostic(&self, diagnostic: Diagnostic) -> Option<Diagnostic> {
        let code = self.code(diagnostic.code)?;
        let title = code.info().title;
        let mut clean = Diagnostic::new(code, self.text(diagnostic.message, title));
        clean.reason = diagnostic.reason.filter(|reason| !matches!(reason, ExpiredReason::Other(_)));
        clean.retryable = diagnostic.retryable;
        clean.action = known(diagnostic.action).unwrap_or(clean.action);
        clean.retry_after_ms = diagnostic.retry_after_ms.map(|ms| ms.min(RETRY_AFTER_MS));
        Some(clean)
    }

    /// Diagnostics for clients, without those whose code is none.
    pub fn diagnostics(&self, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        diagnostics.into_iter().filter_map(|diagnostic| self.diagnostic(diagnostic)).take(DIAGNOSTICS).collect()
    }

    /// What a runtime says of itself: its texts for people. Its names are for `check`.
    pub fn info(&self, mut info: RuntimeInfo) -> RuntimeInfo {
        info.diagnostics = self.diagnostics(info.diagnostics);
        for profile in &mut info.profiles {
            profile.description = profile.description.take().filter(|text| self.is_clean(text)).map(cut);
        }
        info
    }

    fn code(&self, code: Code) -> Option<Code> {
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let text = code.as_str();
        (!text.is_empty() && text.bytes().all(word) && self.is_clean(text)).then_some(code)
    }
}

fn known(action: Action) -> Option<Action> {
    (!matches!(action, Action::Other(_))).then_some(action)
}

fn cut(mut text: String) -> String {
    text.truncate(floor_char_boundary(&text, TEXT));
    text
}

/// Whether `word` stands in `text` with no letter or digit directly before or after it.
fn holds(text: &str, word: &str) -> bool {
    let plain = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
    let (bytes, first_plain) = (text.as_bytes(), plain(word.as_bytes().first()));
    text.match_indices(word).any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let after = bytes.get(at + word.len());
        let is_part = first_plain && plain(before) || plain(after);
        !is_part
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn discreet() -> Discreet {
        Discreet::of("https://Build.example:7443/some/where/", Some(Secret::new("hunter2").unwrap()))
    }

    #[test]
    fn where_a_runtime_is_and_its_token_are_not_told() {
        for bad in [
            "connect to https://build.example:7443/some/where/v1/runtime failed",
            "BUILD.EXAMPLE is down",
            "see build.example.",
            "x:7443",
            "listening on :7443",
            "no file /some/where",
            "token hunter2 is wrong",
            "xhunter2x",
        ] {
            assert!(!discreet().is_clean(bad), "{bad}");
            assert_eq!(discreet().text(bad.to_owned(), "instead"), "instead");
        }
        for good in ["the worker is running", "rebuild.example", "build.examples", ":74430", "at 17:43:07", "Hunter2"] {
            assert!(discreet().is_clean(good), "{good}");
        }
        for (url, bad) in [("http://[::1]:8080", "to ::1 or so"), ("http://10.0.0.1", "from 10.0.0.1:80")] {
            assert!(!Discreet::of(url, None).is_clean(bad), "{bad}");
        }
        assert!(Discreet::of("http://10.0.0.1", None).is_clean("110.0.0.12"));
        assert!(Discreet::nothing().is_clean("http://10.0.0.1"));
        let word = Discreet::of("http://worker:7071", None);
        assert!(word.is_clean("the worker is running"));
        assert!(!word.is_clean("see http://worker/x") && !word.is_clean("dial worker:7071"));
    }

    proptest! {
        #[test]
        fn what_is_told_holds_no_secret_whatever_stands_around_it(
            before in "\\PC{0,20}", after in "\\PC{0,20}",
            secret in prop::sample::select(vec!["hunter2", "https://build.example:7443/some/where/v1"]),
        ) {
            let told = discreet().text(format!("{before}{secret}{after}"), "instead");
            prop_assert!(!told.contains("hunter2"), "{}", told);
            // a URL within a longer word is none
            if !before.ends_with(|c: char| c.is_ascii_alphanumeric()) {
                prop_assert_eq!(told, "instead");
            }
        }

        #[test]
        fn what_holds_nothing_passes_as_it_is(text in "[ a-z,.;]{0,40}") {
            prop_assert_eq!(discreet().text(text.clone(), "instead"), text);
        }
    }

    #[test]
    fn an_operator_reads_everything_but_the_token() {
        let detail = discreet().detail("build.example:7443 said: hunter2, hunter2");
        assert_eq!(detail.to_string(), "build.example:7443 said: ***, ***");
        assert_eq!(discreet().detail(&"é".repeat(TEXT)).to_string().len(), TEXT);
    }

    #[test]
    fn problems_keep_what_a_client_may_know() {
        let problem = Problem::new(Code::WorkerBusy, "the worker is running").retry_after(50);
        assert_eq!(discreet().problem(problem.clone()), Some(problem.clone()));
        let telling = Problem {
            detail: "asked build.example:7443".into(),
            title: "http://build.example".into(),
            type_uri: "http://build.example".into(),
            status: 200,
            action: Action::from("call build.example"),
            retry_after_ms: Some(u64::MAX),
            ..problem
        };
        let clean = discreet().problem(telling).unwrap();
        let info = Code::WorkerBusy.info();
        assert_eq!((clean.detail.as_str(), clean.title.as_str(), clean.status), (info.title, info.title, 409));
        assert_eq!((clean.type_uri.as_str(), clean.action), ("urn:yoi:error:worker_busy", info.action));
        assert_eq!(clean.retry_after_ms, Some(RETRY_AFTER_MS));
        let unknown = Problem { status: 418, ..Problem::new(Code::from("of_tomorrow"), "x") };
        assert_eq!(discreet().problem(unknown.clone()), Some(unknown));
        for bad in ["http://x", "", "Build", "hunter2"] {
            assert_eq!(discreet().problem(Problem::new(Code::from(bad), "x")), None, "{bad}");
        }
    }

    #[test]
    fn diagnostics_keep_what_a_client_may_know() {
        let expired = Diagnostic::expired(ExpiredReason::Epoch, "gone");
        assert_eq!(discreet().diagnostic(expired.clone()), Some(expired.clone()));
        let telling = Diagnostic { reason: Some(ExpiredReason::from(":7443")), message: ":7443".into(), ..expired };
        let clean = discreet().diagnostic(telling).unwrap();
        assert_eq!((clean.reason, clean.message.as_str()), (None, Code::CursorExpired.info().title));
        let many = vec![Diagnostic::new(Code::Internal, "x"); 1000];
        assert_eq!(discreet().diagnostics(many).len(), DIAGNOSTICS);
    }
}
