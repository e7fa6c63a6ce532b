//! One setting.
//!
//! Owns what is known of it, and the form in which a program writes its settings down.

/// What a value is, apart from its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, shown as it is.
    Plain,
    /// A path: in the file it is relative to the workspace.
    Path,
    /// A path, or one of these words.
    PathOr(&'static [&'static str]),
    /// Texts: a list in the file, separated by commas elsewhere.
    List,
    /// Yes or no: its flag may stand alone.
    Switch,
    /// A secret: given by reference and never shown.
    Secret,
}

/// One setting of the settings `S`.
pub struct Key<S> {
    /// Its name in the file, dotted.
    pub name: &'static str,
    /// Its flag, without the dashes.
    pub flag: &'static str,
    /// Its variable.
    pub env: &'static str,
    /// What it is where nobody says; none where empty.
    pub default: &'static str,
    /// What stands for its value in usages.
    pub value: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// The heading it stands under.
    pub group: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// Reads it. Of a secret, the words of an error must not repeat the value.
    pub set: fn(&mut S, &str) -> Result<(), String>,
}

/// Declares the keys of some settings:
///
/// ```text
/// keys! { pub(super) KEYS: Settings;
///     ["Group"]
///     "name", "flag", "YOI_VARIABLE", "default", "VALUE", Plain, |s, t| { … Ok(()) }, "What it is for";
/// }
/// ```
#[macro_export]
macro_rules! keys {
    ($vis:vis $keys:ident: $settings:ty; $([$group:literal] $($name:literal, $flag:literal, $env:literal,
        $default:literal, $value:literal, $kind:ident $(($($word:literal)|+))?, $set:expr, $doc:literal;)+)+) => {
        $vis const $keys: &[$crate::Key<$settings>] = &[$($($crate::Key {
            name: $name, flag: $flag, env: $env, default: $default, value: $value, doc: $doc, group: $group,
            kind: $crate::Kind::$kind $((&[$($word),+]))?, set: $set,
        },)+)+];
    };
}
