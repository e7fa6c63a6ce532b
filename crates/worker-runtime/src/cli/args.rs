//! The flags of programs that serve a runtime, or have one within.
//!
//! Owns their types. What flags there are follows from the table of settings.

use super::keys::{EMBEDDED, TABLE};

yoi_settings::flags! {
    /// The flags of a program that serves a runtime.
    pub struct ServeArgs(pub(super)): TABLE;
}

yoi_settings::flags! {
    /// The flags of a program that has a runtime within.
    pub struct EmbeddedArgs(pub(super)): EMBEDDED;
}
