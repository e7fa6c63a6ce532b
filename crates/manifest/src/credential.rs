//! Credentials by reference.
//!
//! Owns where a credential is and how it is put into a header. Never reads one: there is no secret
//! in any value here, so that none can be printed.

use crate::document::{Members, shown};
use crate::header;
use serde::Serialize;
use std::fmt;
use toml::de::DeTable;

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialSource {
    /// In a variable of the host.
    Env(Box<str>),
    /// In a file of the host; relative paths begin at the workspace.
    File(Box<str>),
}

/// A header that the host adds and the plugin never sees.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct CredentialHeader {
    name: Box<str>,
    source: CredentialSource,
    #[serde(skip_serializing_if = "str::is_empty")]
    prefix: Box<str>,
}

impl CredentialHeader {
    /// A header with a secret in it.
    #[must_use]
    pub fn new(name: &str, source: CredentialSource, prefix: &str) -> Option<CredentialHeader> {
        let good = header::can_hold_credential(name) && is_prefix(prefix);
        good.then(|| CredentialHeader { name: name.to_ascii_lowercase().into(), source, prefix: prefix.into() })
    }

    /// Its name in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the secret is.
    #[must_use]
    pub fn source(&self) -> &CredentialSource {
        &self.source
    }

    /// What stands before the secret, such as `Bearer `.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Its value in TOML.
    pub(crate) fn inline(&self) -> String {
        use crate::target::quoted;
        let (key, place) = match &self.source {
            CredentialSource::Env(name) => ("env", name),
            CredentialSource::File(path) => ("file", path),
        };
        let prefix =
            if self.prefix.is_empty() { String::new() } else { format!(", prefix = {}", quoted(&self.prefix)) };
        format!("{{ {key} = {}{prefix} }}", quoted(place))
    }
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CredentialSource::Env(name) => write!(f, "the variable {name}"),
            CredentialSource::File(path) => write!(f, "the file {path}"),
        }
    }
}

/// Reads `headers = { authorization = { env = "NAME", prefix = "Bearer " } }`.
pub(crate) fn read(members: &Members<'_, '_>) -> Vec<CredentialHeader> {
    let Some(headers) = members.table("headers", "`headers`") else { return Vec::new() };
    let mut read: Vec<CredentialHeader> = Vec::new();
    for (name, value) in headers.all() {
        if !header::can_hold_credential(name.value) {
            let message = format!("`{}` cannot hold a credential", shown(name.value));
            members.document.problem(name.at, message, "use `authorization` or a header of the service's own");
            continue;
        }
        let at = value.span().start;
        // what stands here may be the secret itself, so that it is never repeated
        let Some(table) = value.get_ref().as_table() else {
            members.document.problem(at, "a credential is given by reference, never as it is", FORM);
            continue;
        };
        if let Some(header) = read_one(members, name.value, at, table) {
            if read.iter().any(|other| other.name == header.name) {
                members.document.problem(name.at, "this header is there twice", "take one out");
            }
            read.push(header);
        }
    }
    read
}

const FORM: &str = "write { env = \"NAME\" } or { file = \"PATH\" }, and prefix = \"Bearer \" where it needs one";

fn read_one(members: &Members<'_, '_>, name: &str, at: usize, table: &DeTable<'_>) -> Option<CredentialHeader> {
    let reference = Members::new(members.document, "a credential", at, table);
    let (env, file) = (reference.text("env"), reference.text("file"));
    let prefix = reference.text("prefix");
    reference.finish();
    let source = match (env, file) {
        (Some(env), None) if is_variable(env.value) => CredentialSource::Env(env.value.into()),
        (None, Some(file)) if is_file(file.value) => CredentialSource::File(file.value.into()),
        (Some(env), None) => {
            members.document.problem(env.at, "`env` is no name of a variable", FORM);
            return None;
        }
        (None, Some(file)) => {
            members.document.problem(file.at, "`file` is no path", FORM);
            return None;
        }
        _ => {
            members.document.problem(at, "a credential is in one place: `env` or `file`", FORM);
            return None;
        }
    };
    let text = prefix.map_or("", |prefix| prefix.value);
    let header = CredentialHeader::new(name, source, text);
    if header.is_none() {
        let at = prefix.map_or(at, |prefix| prefix.at);
        members.document.problem(at, "`prefix` is up to 40 visible ASCII characters and spaces", FORM);
    }
    header
}

/// A name that could be a variable's. Secrets that somebody pastes here rarely are one.
fn is_variable(name: &str) -> bool {
    let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    letters && !name.is_empty() && name.len() <= 128 && !name.starts_with(|c: char| c.is_ascii_digit())
}

fn is_file(path: &str) -> bool {
    !path.is_empty() && path.len() <= 1024 && !path.chars().any(char::is_control)
}

fn is_prefix(prefix: &str) -> bool {
    prefix.len() <= 40 && prefix.bytes().all(|b| matches!(b, b' '..=b'~'))
}
