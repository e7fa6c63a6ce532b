//! `plugin.toml`: what a plugin is and what it asks for.
//!
//! Owns the file's form. Must not know what is granted.

use crate::document::{Document, Members, Problems, shown};
use crate::target::{MAX_TARGETS, Role, TargetReader, is_id, is_line};
use crate::{Capability, Digest, Limits, Target};
use serde::Serialize;
use std::sync::Arc;

/// The version of the host's interface that this host speaks.
pub const API: &str = "yoi:plugin@0.1";

/// The file's name.
pub const MANIFEST_FILE: &str = "plugin.toml";

/// A plugin's manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Manifest {
    plugin: Plugin,
    component: Component,
    request: Box<[Arc<Target>]>,
    websocket: Box<[Arc<Target>]>,
    limits: Limits,
}

/// What a plugin is: `[plugin]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Plugin {
    /// What it is called in files and commands.
    pub id: Arc<str>,
    /// Its version, as its author counts.
    pub version: Box<str>,
    /// Its name for people.
    pub name: Box<str>,
    /// What it does, in a line.
    pub description: Box<str>,
}

/// Where the code is: `[component]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Component {
    /// Its place in the package.
    pub path: Box<str>,
    /// The SHA-256 of its bytes.
    pub sha256: Digest,
}

impl Manifest {
    /// Reads the text of a `plugin.toml`.
    ///
    /// # Errors
    /// With everything that is wrong in it, each with its place and what to do.
    pub fn parse(text: &str) -> Result<Manifest, Problems> {
        let (document, root) = Document::read(MANIFEST_FILE, text)?;
        let members = Members::new(&document, "the manifest", 0, root.get_ref());
        // a newer manifest may hold anything: its other problems would mislead
        if !speaks_our_api(&members) {
            return Err(document.into_problems());
        }
        match read(members) {
            Some(manifest) if !document.has_problems() => Ok(manifest),
            _ => Err(document.into_problems()),
        }
    }

    /// A plugin that asks for one target and has no code, for examples.
    pub(crate) fn with_target(target: Arc<Target>) -> Manifest {
        let plugin = Plugin { id: "x".into(), version: "0".into(), name: "x".into(), description: "x".into() };
        let component = Component { path: "x".into(), sha256: Digest::of(b"") };
        let (request, websocket): (Vec<_>, Vec<_>) =
            [target].into_iter().partition(|target| target.capability == Capability::Request);
        let limits = Limits::default();
        Manifest { plugin, component, request: request.into(), websocket: websocket.into(), limits }
    }

    /// What it is.
    #[must_use]
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// Where its code is.
    #[must_use]
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// What it asks to reach with a capability.
    #[must_use]
    pub fn targets(&self, capability: Capability) -> &[Arc<Target>] {
        match capability {
            Capability::Request => &self.request,
            Capability::Websocket => &self.websocket,
        }
    }

    /// What it asks to use.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The manifest as TOML; it is read back as the same.
    #[must_use]
    pub fn to_toml(&self) -> String {
        use crate::target::quoted;
        use std::fmt::Write;
        let (plugin, component) = (&self.plugin, &self.component);
        let mut text = format!(
            "[plugin]\nid = {}\nversion = {}\nname = {}\ndescription = {}\napi = {}\n",
            quoted(&plugin.id),
            quoted(&plugin.version),
            quoted(&plugin.name),
            quoted(&plugin.description),
            quoted(API),
        );
        let _ = write!(text, "\n[component]\npath = {}\nsha256 = \"{}\"\n", quoted(&component.path), component.sha256);
        for capability in Capability::ALL {
            for target in self.targets(capability) {
                let _ = write!(text, "\n[[{capability}.targets]]\n{}", target.lines());
            }
        }
        let mut head = "\n[limits]\n";
        for (name, value, default, _) in self.limits.each() {
            if value != default {
                let _ = writeln!(text, "{head}{name} = {value}");
                head = "";
            }
        }
        text
    }
}

/// Looks at `api` before anything else.
fn speaks_our_api(root: &Members<'_, '_>) -> bool {
    let plugin = root.any("plugin").and_then(|plugin| Some((plugin.get_ref().as_table()?, plugin.span().start)));
    let Some((table, at)) = plugin else {
        root.document.problem(
            0,
            "the manifest has no [plugin]",
            format!("begin it with [plugin], id = \"…\" and api = \"{API}\""),
        );
        return false;
    };
    let plugin = Members::new(root.document, "[plugin]", at, table);
    let Some(api) = plugin.needed_text("api", &format!("add api = \"{API}\"")) else { return false };
    if api.value == API {
        return true;
    }
    let version = |text: &str| -> Option<(u64, u64)> {
        let (major, minor) = text.strip_prefix("yoi:plugin@")?.split_once('.')?;
        Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
    };
    let (message, hint) = match (version(api.value), version(API)) {
        (Some(asked), Some(own)) if asked > own => (
            format!("the plugin is made for `{}`, and this host speaks `{API}`", shown(api.value)),
            "update yoi, or take an older version of the plugin".to_owned(),
        ),
        (Some(_), _) => (
            format!("the plugin is made for `{}`, which this host no longer speaks", shown(api.value)),
            format!("take a newer version of the plugin, made for `{API}`"),
        ),
        (None, _) => (format!("`{}` is no api of plugins", shown(api.value)), format!("write api = \"{API}\"")),
    };
    root.document.problem(api.at, message, hint);
    false
}

fn read(root: Members<'_, '_>) -> Option<Manifest> {
    let plugin = root.table("plugin", "[plugin]").and_then(plugin);
    let component = match root.table("component", "[component]") {
        Some(members) => component(members),
        None => {
            root.missing("component", "add [component], path = \"plugin.wasm\" and sha256 = \"sha256:…\"");
            None
        }
    };
    let (mut request, mut websocket) = (Vec::new(), Vec::new());
    if let Some(host_api) = root.table("host_api", "[host_api]") {
        request = targets(&host_api, Capability::Request);
        websocket = targets(&host_api, Capability::Websocket);
        host_api.finish();
    }
    let limits = root.table("limits", "[limits]").map(Limits::read).unwrap_or_default();
    root.finish();
    Some(Manifest {
        plugin: plugin?,
        component: component?,
        request: request.into(),
        websocket: websocket.into(),
        limits,
    })
}

fn plugin(members: Members<'_, '_>) -> Option<Plugin> {
    let id = members.needed_text("id", "give it a short name: id = \"chat-bridge\"");
    let id = id.filter(|id| {
        let good = is_id(id.value);
        if !good {
            let hint = "an id is 1 to 40 of a-z, 0-9 and -, and begins with a letter";
            members.document.problem(id.at, format!("`{}` is no id", shown(id.value)), hint);
        }
        good
    });
    let version = line(&members, "version", 40, "add version = \"0.1.0\"");
    let name = line(&members, "name", 60, "say what people call it");
    let description = line(&members, "description", 200, "say in one line what it does");
    members.any("api");
    members.finish();
    Some(Plugin { id: id?.value.into(), version: version?, name: name?, description: description? })
}

fn line(members: &Members<'_, '_>, key: &'static str, most: usize, hint: &str) -> Option<Box<str>> {
    let text = members.needed_text(key, hint)?;
    if !is_line(text.value, most) {
        members.document.problem(text.at, format!("`{key}` is one line of 1 to {most} visible characters"), hint);
        return None;
    }
    Some(text.value.into())
}

fn component(members: Members<'_, '_>) -> Option<Component> {
    let path = members.needed_text("path", "say where the component is: path = \"plugin.wasm\"");
    let path = path.filter(|path| {
        let good = is_inside(path.value);
        if !good {
            let hint = "write a relative path with `/`, without `..`";
            members.document.problem(path.at, "`path` does not stay in the package", hint);
        }
        good
    });
    let hash = members.needed_text("sha256", "`yoi plugin pack` writes it");
    let sha256 = hash.and_then(|hash| {
        let parsed = hash.value.parse();
        if let Err(error) = &parsed {
            let error: &crate::digest::DigestError = error;
            members.document.problem(hash.at, error.to_string(), "`yoi plugin pack` writes it");
        }
        parsed.ok()
    });
    members.finish();
    Some(Component { path: path?.value.into(), sha256: sha256? })
}

/// Whether a path is relative and stays below where it begins, on every system.
fn is_inside(path: &str) -> bool {
    let is_name = |part: &str| {
        let letters = part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        !part.is_empty() && part != "." && part != ".." && letters
    };
    path.len() <= 200 && path.split('/').all(is_name)
}

/// The targets of one capability, in their order.
fn targets(host_api: &Members<'_, '_>, capability: Capability) -> Vec<Arc<Target>> {
    let Some(of) = host_api.table(capability.word(), format!("[{capability}]")) else { return Vec::new() };
    let name = format!("[[{capability}.targets]]");
    let reader = TargetReader { capability, role: Role::Asked };
    let mut targets: Vec<Arc<Target>> = Vec::new();
    for members in of.tables("targets", &name) {
        let target = reader.read(&members);
        let at = members.at;
        members.finish();
        let Some(target) = target else { continue };
        if targets.iter().any(|other| other.id == target.id) {
            host_api.document.problem(
                at,
                format!("{name} has two with the id `{}`", target.id),
                "give each its own id",
            );
        }
        targets.push(Arc::new(target));
    }
    if targets.len() > MAX_TARGETS {
        host_api.document.problem(of.at, format!("{name} has more than {MAX_TARGETS}"), "nobody can review that many");
    }
    of.finish();
    targets
}
