//! What a client may ask of a stream (`wire.md` §2, "Connecting").
//!
//! Owns the words of the query parameters, for those who write them and those who read them. Must
//! not own the query: names, escapes and defaults are theirs.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
        }

        impl $name {
            /// The value as it is written in a query.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)+
                }
            }

            /// The value that `word` is; `None` for a word that is none.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some($name::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words!(
    /// What to send first.
    Mode {
        /// Every event after the cursor; a snapshot where there is none.
        #[default]
        Replay = "replay",
        /// A snapshot where that is cheaper than what was missed.
        Auto = "auto",
        /// Only what happens from now on.
        Live = "live",
    }
);

words!(
    /// What the server does with a cursor that cannot be resumed from.
    OnGap {
        /// Says so, and goes on with a snapshot in the same connection.
        #[default]
        Snapshot = "snapshot",
        /// Says so, and closes.
        Close = "close",
    }
);

words!(
    /// When consecutive deltas of one block may come as one.
    Coalesce {
        /// Once the connection has fallen behind.
        #[default]
        On = "on",
        /// Then, and whenever many come at the same moment: less to send, for whoever shows text.
        Bursts = "bursts",
        /// Every event comes by itself.
        Off = "off",
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_reads_as_what_it_was_written_from() {
        for mode in [Mode::Replay, Mode::Auto, Mode::Live] {
            assert_eq!(Mode::from_word(mode.as_str()), Some(mode));
        }
        assert_eq!(OnGap::from_word("close"), Some(OnGap::Close));
        for coalesce in [Coalesce::On, Coalesce::Bursts, Coalesce::Off] {
            assert_eq!(Coalesce::from_word(coalesce.as_str()), Some(coalesce));
        }
        assert_eq!(Coalesce::from_word("Off"), None);
    }
}
