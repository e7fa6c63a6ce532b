//! How to reach the server: flags, environment, files.
//!
//! Owns the reading of the token and the certificate authorities. A token is never an argument,
//! where every process of the machine could read it.

use crate::failure::Failure;
use clap::Args;
use std::path::{Path, PathBuf};
use yoi_client::{Client, ClientOptions, Secret};

/// Where the server is when nobody says.
const DEFAULT_URL: &str = "http://127.0.0.1:7070";
/// Holds the token itself.
const TOKEN_VARIABLE: &str = "YOI_TOKEN";

/// How to reach the server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Where the runtime is
    #[arg(long, global = true, value_name = "URL", env = "YOI_URL", hide_env_values = true, default_value = DEFAULT_URL)]
    pub url: String,
    /// Read the token from this file; YOI_TOKEN may hold the token itself
    // the id and type of the flag of `runtime serve`, which stands in its place there
    #[arg(id = "token", long = "token-file", global = true, value_name = "FILE")]
    pub token_file: Option<String>,
    /// Trust the certificate authorities in this PEM file, in place of the system's
    #[arg(long, global = true, value_name = "FILE", env = "YOI_CA_FILE", hide_env_values = true)]
    pub ca_file: Option<PathBuf>,
}

impl ConnectionArgs {
    /// A client, nothing connected yet.
    pub fn client(&self) -> Result<Client, Failure> {
        let mut options = ClientOptions::new(&self.url);
        options.token = self.token()?;
        options.ca = self.ca_file.as_deref().map(read).transpose()?;
        Ok(Client::new(options)?)
    }

    fn token(&self) -> Result<Option<Secret>, Failure> {
        let (text, whence) = match &self.token_file {
            Some(file) => (read(Path::new(file))?, file.clone()),
            None => match std::env::var_os(TOKEN_VARIABLE) {
                Some(value) if !value.is_empty() => (value.into_encoded_bytes(), TOKEN_VARIABLE.to_owned()),
                _ => return Ok(None),
            },
        };
        let secret = Secret::new(&String::from_utf8_lossy(&text));
        secret.map(Some).map_err(|error| Failure::Usage {
            message: format!("{whence}: {error}"),
            hint: "A token is one line of visible ASCII.".to_owned(),
        })
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|source| Failure::Io { what: format!("cannot read {}", file.display()), source })
}
