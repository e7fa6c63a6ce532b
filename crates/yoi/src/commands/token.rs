//! Making tokens.
//!
//! Owns what is printed of a new token, and where: it is shown once. Must not keep it.

use crate::failure::Failure;
use crate::output::{Form, Output};
use serde_json::json;
use yoi_access::{NewToken, PrincipalName};

/// Makes a token for a principal.
pub fn new(output: Output, principal: &str, role: &str) -> Result<(), Failure> {
    let name: PrincipalName = principal.parse().map_err(|error: yoi_access::PrincipalNameError| Failure::Usage {
        message: error.to_string(),
        hint: "Choose another name.".to_owned(),
    })?;
    let made = NewToken::generate()
        .map_err(|error| Failure::Usage { message: error.to_string(), hint: "Try again.".to_owned() })?;
    let hash = made.hash().to_string();
    if output.form == Form::Json {
        return output
            .json(&json!({ "principal": name.as_str(), "role": role, "token": made.text(), "token_hash": hash }));
    }
    // each by itself: a line is told as one line, whatever is in it
    for line in [
        format!("Add this to .yoi/workspace.toml, and give the token to {name}:"),
        String::new(),
        "[[principals]]".to_owned(),
        format!("name = \"{name}\""),
        format!("role = \"{role}\""),
        format!("token_hash = \"{hash}\""),
        String::new(),
    ] {
        output.tell(&line);
    }
    output.text(&format!("{}\n", made.text()))
}
