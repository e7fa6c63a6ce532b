//! `plugins.toml`: what a workspace grants.
//!
//! Owns the file's form. Must not know what any plugin asks for, and must not read credentials.
//!
//! A plugin's table also holds `reviewed`: what its manifest asked for when a person last looked.
//! It gives nothing. It is there so that an update can be compared with it, and only what grew has
//! to be looked at again.

use crate::credential::{self, CredentialHeader};
use crate::document::{Document, Members, Problems, Value, shown};
use crate::target::{MAX_TARGETS, Role, TargetReader, is_id};
use crate::{Capability, Digest, Target};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use toml::de::DeTable;

/// The file's name in a workspace.
pub const GRANTS_FILE: &str = ".yoi/plugins.toml";

/// What a workspace grants to each plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Grants {
    plugins: BTreeMap<Arc<str>, Arc<PluginGrant>>,
}

/// What a workspace grants to one plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PluginGrant {
    pub(crate) enabled: bool,
    pub(crate) digest: Option<Digest>,
    pub(crate) request: Vec<Granted>,
    pub(crate) websocket: Vec<Granted>,
    pub(crate) reviewed: Vec<Arc<Target>>,
}

/// One granted target, and the credentials that go with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Granted {
    pub(crate) target: Arc<Target>,
    pub(crate) headers: Vec<CredentialHeader>,
}

impl Grants {
    /// Reads the text of a `plugins.toml`.
    ///
    /// # Errors
    /// With everything that is wrong in it. Then nothing of it is in force.
    pub fn parse(text: &str) -> Result<Grants, Problems> {
        let (document, root) = Document::read(GRANTS_FILE, text)?;
        let root = Members::new(&document, "the file", 0, root.get_ref());
        let mut plugins = BTreeMap::new();
        if let Some(table) = root.table("plugins", "[plugins]") {
            for (id, value) in table.all() {
                if let Some((id, grant)) = plugin(&document, id, value.span().start, value.get_ref().as_table()) {
                    plugins.insert(id, Arc::new(grant));
                }
            }
        }
        root.finish();
        if document.has_problems() { Err(document.into_problems()) } else { Ok(Grants { plugins }) }
    }

    /// What is granted to a plugin.
    #[must_use]
    pub fn plugin(&self, id: &str) -> Option<&Arc<PluginGrant>> {
        self.plugins.get(id)
    }

    /// Every plugin that the file names, by its id.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Arc<PluginGrant>)> {
        self.plugins.iter()
    }
}

impl PluginGrant {
    /// Whether it may run at all.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// The package that was looked at.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// What is granted of a capability.
    #[must_use]
    pub fn targets(&self, capability: Capability) -> &[Granted] {
        match capability {
            Capability::Request => &self.request,
            Capability::Websocket => &self.websocket,
        }
    }

    /// What its manifest asked for when a person last looked.
    #[must_use]
    pub fn reviewed(&self) -> &[Arc<Target>] {
        &self.reviewed
    }
}

impl Granted {
    /// What is granted.
    #[must_use]
    pub fn target(&self) -> &Arc<Target> {
        &self.target
    }

    /// The headers that the host adds.
    #[must_use]
    pub fn headers(&self) -> &[CredentialHeader] {
        &self.headers
    }
}

fn plugin(
    document: &Document<'_>,
    id: Value<&str>,
    at: usize,
    table: Option<&DeTable<'_>>,
) -> Option<(Arc<str>, PluginGrant)> {
    if !is_id(id.value) {
        let hint = "an id is 1 to 40 of a-z, 0-9 and -, and begins with a letter";
        document.problem(id.at, format!("`{}` is no id", shown(id.value)), hint);
        return None;
    }
    let Some(table) = table else {
        document.problem(id.at, format!("`{}` is not a table", id.value), format!("write [plugins.{}]", id.value));
        return None;
    };
    let members = Members::new(document, format!("[plugins.{}]", id.value), at, table);
    let enabled = members.truth("enabled").is_some_and(|enabled| enabled.value);
    let digest = members.text("digest").and_then(|text| {
        let digest = text.value.parse();
        if digest.is_err() {
            let hint = "`yoi plugin grant` writes it";
            document.problem(text.at, "a digest is `sha256:` and 64 hexadecimal digits in lower case", hint);
        }
        digest.ok()
    });
    let (mut request, mut websocket, mut reviewed) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(grants) = members.table("grants", format!("[plugins.{}.grants]", id.value)) {
        request = granted(&grants, id.value, Capability::Request);
        websocket = granted(&grants, id.value, Capability::Websocket);
        grants.finish();
    }
    if let Some(table) = members.table("reviewed", format!("[plugins.{}.reviewed]", id.value)) {
        for capability in Capability::ALL {
            reviewed.extend(targets(
                &table,
                &format!("[[plugins.{}.reviewed.{}]]", id.value, capability.word()),
                capability,
                |_| (),
            ));
        }
        table.finish();
    }
    members.finish();
    let reviewed = reviewed.into_iter().map(|(target, ())| target).collect();
    Some((id.value.into(), PluginGrant { enabled, digest, request, websocket, reviewed }))
}

fn granted(grants: &Members<'_, '_>, id: &str, capability: Capability) -> Vec<Granted> {
    let name = format!("[[plugins.{id}.grants.{}]]", capability.word());
    let targets = targets(grants, &name, capability, credential::read);
    targets.into_iter().map(|(target, headers)| Granted { target, headers }).collect()
}

/// The targets of a list, with what else their tables hold.
fn targets<T>(
    members: &Members<'_, '_>,
    name: &str,
    capability: Capability,
    rest: impl Fn(&Members<'_, '_>) -> T,
) -> Vec<(Arc<Target>, T)> {
    let reader = TargetReader { capability, role: Role::Granted };
    let mut targets: Vec<(Arc<Target>, T)> = Vec::new();
    for table in members.tables(capability.word(), name) {
        let (target, more) = (reader.read(&table), rest(&table));
        let at = table.at;
        table.finish();
        let Some(target) = target else { continue };
        if targets.iter().any(|(other, _)| other.id == target.id) {
            members.document.problem(at, format!("{name} has two with the id `{}`", target.id), "give each its own id");
        }
        targets.push((Arc::new(target), more));
    }
    if targets.len() > MAX_TARGETS {
        members.document.problem(
            members.at,
            format!("{name} has more than {MAX_TARGETS}"),
            "nobody can review that many",
        );
    }
    targets
}
