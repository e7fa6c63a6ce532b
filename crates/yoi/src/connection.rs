//! How to reach the server: flags, environment, files.
//!
//! Owns the reading of the token and the certificate authorities. A token is never an argument,
//! where every process of the machine could read it.

use crate::credentials::Credentials;
use crate::failure::Failure;
use clap::Args;
use std::path::{Path, PathBuf};
use yoi_client::{ClientOptions, Secret};

/// Where the server is when nobody says.
const DEFAULT_URL: &str = "http://127.0.0.1:7070";
/// Holds the token itself.
const TOKEN_VARIABLE: &str = "YOI_TOKEN";

/// How to reach the server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Where the server is: a backend, or on the machine of a runtime the runtime itself
    #[arg(long, global = true, value_name = "URL", env = "YOI_URL", hide_env_values = true, default_value = DEFAULT_URL)]
    pub url: String,
    /// Read the token from this file; YOI_TOKEN may hold the token itself, and `yoi login` keeps one
    // the id and type of the flag of `runtime serve`, which stands in its place there
    #[arg(id = "token", long = "token-file", global = true, value_name = "FILE")]
    pub token_file: Option<String>,
    /// Trust the certificate authorities in this PEM file, in place of the system's
    #[arg(long, global = true, value_name = "FILE", env = "YOI_CA_FILE", hide_env_values = true)]
    pub ca_file: Option<PathBuf>,
}

impl ConnectionArgs {
    /// What a client is made with, its token as `--token-file`, YOI_TOKEN or `yoi login` have it.
    pub fn options(&self) -> Result<ClientOptions, Failure> {
        let token = match self.given_token()? {
            Some(token) => Some(token),
            None => Credentials::of_this_user().token(&self.url)?,
        };
        self.options_with(token)
    }

    /// The same with a token of its own.
    pub fn options_with(&self, token: Option<Secret>) -> Result<ClientOptions, Failure> {
        let mut options = ClientOptions::new(&self.url);
        options.token = token;
        options.ca = self.ca_file.as_deref().map(read).transpose()?;
        Ok(options)
    }

    /// The token in the file that was named.
    pub fn token_of_file(&self) -> Result<Option<Secret>, Failure> {
        let Some(file) = &self.token_file else { return Ok(None) };
        secret(&read(Path::new(file))?, file).map(Some)
    }

    fn given_token(&self) -> Result<Option<Secret>, Failure> {
        if let Some(token) = self.token_of_file()? {
            return Ok(Some(token));
        }
        match std::env::var_os(TOKEN_VARIABLE) {
            Some(value) if !value.is_empty() => secret(&value.into_encoded_bytes(), TOKEN_VARIABLE).map(Some),
            _ => Ok(None),
        }
    }
}

/// A token from what `whence` held.
pub fn secret(text: &[u8], whence: &str) -> Result<Secret, Failure> {
    Secret::new(&String::from_utf8_lossy(text)).map_err(|error| Failure::Usage {
        message: format!("{whence}: {error}"),
        hint: "A token is one line of visible ASCII.".to_owned(),
    })
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|source| Failure::Io { what: format!("cannot read {}", file.display()), source })
}
