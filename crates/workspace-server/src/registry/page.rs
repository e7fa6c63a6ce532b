//! Where a list of all workers goes on.
//!
//! Owns the text of `page`: after which worker of which runtime, and nothing else. Whoever gets it
//! knows both already.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::{RuntimeId, WorkerId};

/// The only version so far.
const VERSION: &str = "1";

/// After which worker of which runtime a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct After {
    pub runtime: RuntimeId,
    pub worker: WorkerId,
}

impl After {
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{VERSION} {} {}", self.runtime, self.worker))
    }

    pub fn from_text(text: &str) -> Option<After> {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (runtime, worker) = plain.strip_prefix(VERSION)?.strip_prefix(' ')?.split_once(' ')?;
        Some(After { runtime: runtime.parse().ok()?, worker: worker.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn is_read_as_it_was_written_and_nothing_else_is() {
        let after = After { runtime: "a.b_c-1".parse().unwrap(), worker: WorkerId::from_parts(7, 9) };
        let text = after.to_text();
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'), "{text}");
        assert_eq!(After::from_text(&text), Some(after.clone()));
        let other = |plain: String| URL_SAFE_NO_PAD.encode(plain);
        for bad in [
            String::new(),
            "x".into(),
            text[1..].to_owned(),
            format!("{text}="),
            other(format!("2 {} {}", after.runtime, after.worker)),
            other(format!("1 {} ", after.runtime)),
            other(format!("1  {}", after.worker)),
            other(format!("1 {} {} ", after.runtime, after.worker)),
            after.worker.to_string(),
        ] {
            assert_eq!(After::from_text(&bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn one_page_has_one_text_and_no_text_makes_it_panic(
            runtime in "[a-z0-9][a-z0-9._-]{0,63}", ms in 0..1u64 << 48, random in any::<u128>(), text in "\\PC{0,80}",
        ) {
            let after = After { runtime: runtime.parse().unwrap(), worker: WorkerId::from_parts(ms, random) };
            prop_assert_eq!(After::from_text(&after.to_text()), Some(after));
            if let Some(read) = After::from_text(&text) {
                prop_assert_eq!(read.to_text(), text);
            }
        }
    }
}
