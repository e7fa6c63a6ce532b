//! JSON that must be an object.
//!
//! Owns that one check: serde also reads a structure from an array of its members, which nothing
//! on the wire is written as.

use serde::de::Error;

/// Gives `json` back where it can only be an object.
///
/// # Errors
/// When it begins with anything but `{`.
pub fn json_object(json: &str) -> Result<&str, serde_json::Error> {
    match json.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{') {
        true => Ok(json),
        false => Err(serde_json::Error::custom("expected a JSON object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AnyEvent, Frame};

    #[test]
    fn an_array_of_members_is_no_structure() {
        assert!(json_object(" \n{}").is_ok());
        for json in ["[]", "", "\"x\"", "null"] {
            assert!(json_object(json).is_err(), "{json}");
        }
        assert!(AnyEvent::from_json("[\"\"]").is_err());
        assert!(AnyEvent::from_json("[\"notice\"]").is_err());
        assert!(Frame::from_json("[\"heartbeat\"]").is_err());
        assert!(Frame::from_json("[\"event\",null,\"w_00000000050000000000000005\",{}]").is_err());
    }
}
