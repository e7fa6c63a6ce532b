//! String enumerations that keep a value they do not know, so that an old reader passes on what a
//! newer writer says.
//!
//! Owns the macro and the bound of such a value; must not own any enumeration.

/// The most bytes of a value of an open enumeration: they are words, and a snapshot's bound
/// counts on it.
pub(crate) const MAX_WORD_BYTES: usize = 64;

/// Declares an enumeration of strings with a last variant `Other` for every other string.
macro_rules! open_enum {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $vdoc:literal])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[doc = $vdoc])* $variant,)+
            /// A value that this version does not know, of at most 64 bytes; passed on as it is.
            Other(Box<str>),
        }

        impl $name {
            /// Every value that this version knows.
            pub const KNOWN: &'static [$name] = &[$($name::$variant),+];

            /// The value as it is written on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $($name::$variant => $text,)+
                    $name::Other(text) => text,
                }
            }
        }

        /// A value by its text; of an unknown one the first 64 bytes.
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => $name::$variant,)+
                    other => {
                        let end = $crate::text::floor_char_boundary(other, $crate::open::MAX_WORD_BYTES);
                        $name::Other(other.get(..end).unwrap_or_default().into())
                    }
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                if text.len() > $crate::open::MAX_WORD_BYTES {
                    return Err(serde::de::Error::invalid_length(text.len(), &"a word of at most 64 bytes"));
                }
                Ok($name::from(&*text))
            }
        }

        #[cfg(feature = "codegen")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "description": concat!($($doc, "\n"),*).trim(),
                    "anyOf": [
                        $({ "const": $text, "description": concat!($($vdoc, "\n"),*).trim() },)+
                        {
                            "type": "string",
                            "maxLength": $crate::open::MAX_WORD_BYTES,
                            "description": "A value that this version does not know.",
                        },
                    ],
                })
            }
        }
    };
}

pub(crate) use open_enum;
