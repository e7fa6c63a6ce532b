//! The lines that would allow what was refused.
//!
//! Owns their wording as TOML. Only says them: nothing here changes a file.

use super::Reason;
use super::refusal::{File, Inner};
use crate::target::{HostPattern, quoted, quoted_list};
use crate::{Capability, CheckedUrl, Host, PathPrefix, Ports, Reach, Space};
use std::fmt;

/// Lines of TOML, and the file and the table that they belong in.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Remedy {
    /// The file.
    pub file: File,
    /// The table, as its head is written.
    pub table: String,
    /// The target in it that is changed; `None` is a new one.
    pub target: Option<String>,
    /// The lines.
    pub lines: String,
}

impl Remedy {
    pub(super) fn of(refused: &Inner) -> Option<Remedy> {
        let plugin = &refused.plugin;
        let of_plugin = |lines: &str| {
            let table = format!("[plugins.{plugin}]");
            Some(Remedy { file: File::Grants, table, target: None, lines: lines.to_owned() })
        };
        match &refused.reason {
            Reason::Disabled => return of_plugin("enabled = true\n"),
            Reason::StaleDigest => return of_plugin("digest = \"sha256:…\"  # after a look: `yoi plugin grant`\n"),
            Reason::InvalidUrl(_) | Reason::Header { .. } | Reason::Limit => return None,
            Reason::AddressSpace { space: Space::Refused, .. } => return None,
            _ => {}
        }
        let (file, url) = (refused.file.unwrap_or(File::Grants), refused.url.as_ref()?);
        if url.scheme().capability() != refused.capability {
            return None;
        }
        let word = refused.capability.word();
        let table = match file {
            File::Manifest => format!("[[host_api.{word}.targets]]"),
            File::Grants => format!("[[plugins.{plugin}.grants.{word}]]"),
        };
        let changed =
            refused.nearest.as_ref().and_then(|target| Some((target.id.to_string(), changed_line(refused, url)?)));
        let (target, lines) = match changed {
            Some((target, line)) => (Some(target), line),
            None => (None, new_target(refused, url, file)?),
        };
        Some(Remedy { file, table, target, lines })
    }
}

/// The line of the nearest target as it would have to be.
fn changed_line(refused: &Inner, url: &CheckedUrl) -> Option<String> {
    let target = refused.nearest.as_ref()?;
    let with = |known: Vec<String>, more: String| quoted_list(known.into_iter().chain([more]));
    let texts = |items: &mut dyn Iterator<Item = String>| items.collect::<Vec<String>>();
    match &refused.reason {
        Reason::Host => {
            let known = texts(&mut target.hosts.iter().map(HostPattern::to_string));
            Some(format!("hosts = {}\n", with(known, host_text(url.host()))))
        }
        Reason::Scheme => {
            let known = texts(&mut target.schemes.iter().map(ToString::to_string));
            Some(format!("schemes = {}\n", with(known, url.scheme().to_string())))
        }
        Reason::Port => {
            let mut ports: Vec<u16> = match &target.ports {
                Ports::These(ports) => ports.to_vec(),
                _ => target.schemes.iter().map(|scheme| scheme.default_port()).collect(),
            };
            ports.push(url.port());
            Some(format!("ports = {ports:?}\n"))
        }
        Reason::Path => {
            let known = texts(&mut target.path_prefixes.iter().map(PathPrefix::to_string));
            Some(format!("path_prefixes = {}\n", with(known, url.path().to_owned())))
        }
        Reason::Method if crate::target::is_method(&refused.method) => {
            let known = texts(&mut target.methods.iter().map(ToString::to_string));
            Some(format!("methods = {}\n", with(known, refused.method.to_string())))
        }
        Reason::Subprotocol => {
            let known = target.subprotocols.as_ref()?.iter().map(ToString::to_string);
            let mut all: Vec<String> = known.collect();
            for asked in refused.subprotocols.iter().map(ToString::to_string) {
                if !all.contains(&asked) {
                    all.push(asked);
                }
            }
            Some(format!("subprotocols = {}\n", quoted_list(all.into_iter())))
        }
        _ => None,
    }
}

/// A whole target for what was asked and nothing more.
fn new_target(refused: &Inner, url: &CheckedUrl, file: File) -> Option<String> {
    if refused.capability == Capability::Request && !crate::target::is_method(&refused.method) {
        return None;
    }
    let mut lines = format!(
        "id = \"{}\"\nschemes = [\"{}\"]\nhosts = [{}]\n",
        if refused.nearest.is_some() { "another" } else { "one" },
        url.scheme(),
        quoted(&host_text(url.host())),
    );
    if url.port() != url.scheme().default_port() {
        lines.push_str(&format!("ports = [{}]\n", url.port()));
    }
    if refused.capability == Capability::Request {
        lines.push_str(&format!("methods = [{}]\n", quoted(&refused.method)));
    }
    if url.path() != "/" {
        lines.push_str(&format!("path_prefixes = [{}]\n", quoted(url.path())));
    }
    if !refused.subprotocols.is_empty() {
        lines.push_str(&format!("subprotocols = {}\n", quoted_list(refused.subprotocols.iter())));
    }
    let space = match &refused.reason {
        Reason::AddressSpace { space, .. } => Some(*space),
        _ => crate::target::Seen::space_of(url.host()),
    };
    if let Some(reach) = space.and_then(Reach::of).filter(|reach| *reach != Reach::Public) {
        lines.push_str(&format!("address = \"{reach}\"\n"));
    }
    if file == File::Manifest {
        lines.push_str("reason = \"…\"\n");
    }
    Some(lines)
}

fn host_text(host: &Host) -> String {
    match host {
        Host::V6(address) => address.to_string(),
        host => host.to_string(),
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Some(target) => writeln!(f, "in {}, {} `{target}`:", self.file.name(), self.table)?,
            None => writeln!(f, "in {}:\n    {}", self.file.name(), self.table)?,
        }
        self.lines.lines().try_for_each(|line| writeln!(f, "    {line}"))
    }
}
