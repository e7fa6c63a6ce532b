//! `yoi runtime show`.
//!
//! Owns nothing but the way from the call to stdout.

use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::render;
use yoi_client::Client;

/// Shows what a runtime is and how it is.
pub async fn show(client: &Client, output: Output) -> Result<(), Failure> {
    let runtime = client.runtime().await?;
    match output.form {
        Form::Json => output.json(&runtime),
        Form::Text => output.text(&render::runtime(&runtime)),
    }
}
