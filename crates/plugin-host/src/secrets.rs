//! Credentials, at the moment when they are sent.
//!
//! Owns how a reference becomes a header. A secret is read for one request, put into a header that
//! is marked as sensitive, and dropped. Must not show one: no `Debug`, no error and no log holds it.

use futures_util::future::BoxFuture;
use http::{HeaderName, HeaderValue};
use manifest::{CredentialHeader, CredentialSource};
use std::fmt;
use std::path::PathBuf;

/// The most bytes of a secret.
const MAX_BYTES: u64 = 16 << 10;

/// A secret. It can be put into a header and nowhere else.
pub struct Secret(Box<str>);

impl Secret {
    /// A secret; white space at its ends is not part of it.
    #[must_use]
    pub fn new(text: &str) -> Secret {
        Secret(text.trim().into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A credential cannot be read. It names where, never what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} {problem}")]
pub struct SecretError {
    /// Where.
    pub place: String,
    /// What is wrong there.
    pub problem: &'static str,
}

/// Reads secrets.
pub trait Secrets: Send + Sync + 'static {
    /// The secret that a reference names.
    fn read<'a>(&'a self, source: &'a CredentialSource) -> BoxFuture<'a, Result<Secret, SecretError>>;
}

/// The host's environment, and files of its workspace.
#[derive(Clone, Debug)]
pub struct SystemSecrets {
    workspace: PathBuf,
}

impl SystemSecrets {
    /// Relative paths begin at the workspace.
    #[must_use]
    pub fn new(workspace: impl Into<PathBuf>) -> SystemSecrets {
        SystemSecrets { workspace: workspace.into() }
    }
}

impl Secrets for SystemSecrets {
    fn read<'a>(&'a self, source: &'a CredentialSource) -> BoxFuture<'a, Result<Secret, SecretError>> {
        Box::pin(async move {
            let failed = |problem| SecretError { place: source.to_string(), problem };
            match source {
                CredentialSource::Env(name) => match std::env::var(&**name) {
                    Ok(text) => Ok(Secret::new(&text)),
                    Err(std::env::VarError::NotPresent) => Err(failed("is not set")),
                    Err(std::env::VarError::NotUnicode(_)) => Err(failed("is not text")),
                },
                CredentialSource::File(path) => {
                    let path = self.workspace.join(&**path);
                    let read = tokio::task::spawn_blocking(move || read_file(&path)).await;
                    read.unwrap_or(Err("could not be read")).map_err(failed)
                }
            }
        })
    }
}

fn read_file(path: &std::path::Path) -> Result<Secret, &'static str> {
    use std::io::Read;
    let file = std::fs::File::open(path).map_err(|_| "could not be opened")?;
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|_| "could not be read as text")?;
    if text.len() as u64 > MAX_BYTES {
        return Err("is too large for a credential");
    }
    Ok(Secret::new(&text))
}

/// The header that a grant asks for.
pub(crate) async fn header(
    secrets: &dyn Secrets,
    credential: &CredentialHeader,
) -> Result<(HeaderName, HeaderValue), SecretError> {
    let source = credential.source();
    let failed = |problem| SecretError { place: source.to_string(), problem };
    let secret = secrets.read(source).await?;
    if secret.0.is_empty() {
        return Err(failed("is empty"));
    }
    let name = HeaderName::try_from(credential.name()).map_err(|_| failed("is for a header that cannot be sent"))?;
    let text = format!("{}{}", credential.prefix(), secret.0);
    let mut value = HeaderValue::try_from(text).map_err(|_| failed("does not fit into a header"))?;
    value.set_sensitive(true);
    Ok((name, value))
}
