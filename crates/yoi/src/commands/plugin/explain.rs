//! `yoi plugin explain`.
//!
//! Owns how a decision is told. It is made by the function that decides when the plugin asks. Never
//! shows a URL's query, a header's value or a credential.

use super::targets::full_name;
use super::workspace::Workspace;
use crate::args::ExplainArgs;
use crate::exit;
use crate::failure::Failure;
use crate::output::{Form, Output};
use manifest::edit::{self, NewGrant};
use manifest::{
    Asked, Capability, Decision, Digest, Enablement, File, Granted, Grants, Manifest, Permit, Reach, Reason, Refusal,
    Target, decide,
};
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;
use yoi_tui::clean;

/// Words for a WebSocket in place of a method.
const WEBSOCKET: [&str; 2] = ["WS", "WEBSOCKET"];

/// Decides, and says why.
pub fn run(output: Output, workspace: &Workspace, args: &ExplainArgs) -> Result<(), Failure> {
    let found = workspace.find(&args.plugin.plugin)??;
    let granted = workspace.granted()?;
    let enablement = Enablement::new(found.manifest(), &found.package.digest(), granted.grants.plugin(found.id()));
    let headers: Vec<&str> = args.header.iter().map(String::as_str).collect();
    let subprotocols: Vec<&str> = args.subprotocol.iter().map(String::as_str).collect();
    let is_websocket = WEBSOCKET.iter().any(|word| args.method.eq_ignore_ascii_case(word));
    let asked =
        if is_websocket { Asked::websocket(&args.asked_url) } else { Asked::request(&args.method, &args.asked_url) };
    let asked = asked.with_headers(&headers).with_subprotocols(&subprotocols);
    let decision = decide(&asked, found.manifest(), &enablement);
    let told = Told { manifest: found.manifest(), enablement: &enablement };
    match (output.form, &decision) {
        (Form::Json, Decision::Allowed(permit)) => output.json(&told.allowed_document(permit))?,
        (Form::Json, Decision::Refused(refusal)) => output.json(&told.refused_document(refusal))?,
        (Form::Text, Decision::Allowed(permit)) => output.text(&clean::text(&told.allowed(permit)))?,
        (Form::Text, Decision::Refused(refusal)) => output.text(&clean::text(&refused(refusal)))?,
    }
    let Decision::Refused(refusal) = decision else { return Ok(()) };
    let granting = granting(&asked, found.manifest(), &found.package.digest());
    if let Some(hint) = hint(&refusal, found.id(), granting.as_deref()) {
        output.tell(&format!("hint: {hint}"));
    }
    Err(Failure::Found(exit::ERROR))
}

struct Told<'a> {
    manifest: &'a Manifest,
    enablement: &'a Enablement,
}

impl Told<'_> {
    fn allowed(&self, permit: &Permit) -> String {
        let what = permit.method().unwrap_or("connection to");
        let mut text = format!("allowed: {} {what} {}\n", permit.capability(), permit.url().without_query());
        let declared = self.manifest.targets(permit.capability()).iter();
        lines(&mut text, "asked for by", File::Manifest, declared.filter(|target| is_of(permit.declared_by(), target)));
        let granted = self.granted(permit.capability()).iter().map(Granted::target);
        lines(&mut text, "granted by", File::Grants, granted.filter(|target| is_of(permit.granted_by(), target)));
        let places: Vec<&str> = permit.reaches().iter().map(place).collect();
        let places = match permit.metadata() {
            Some(address) => format!("{address}, a cloud's metadata service"),
            None => places.join(" or "),
        };
        let _ = writeln!(text, "reaches {places}; an address elsewhere is refused when the name is looked up");
        for (name, source) in self.credentials(permit) {
            let _ = writeln!(text, "adds {name} from {source}");
        }
        text
    }

    fn allowed_document(&self, permit: &Permit) -> Value {
        let credentials: Vec<Value> = self
            .credentials(permit)
            .into_iter()
            .map(|(name, source)| json!({ "name": name, "source": source }))
            .collect();
        json!({
            "plugin": self.manifest.plugin().id,
            "capability": permit.capability(),
            "method": permit.method(),
            "url": permit.url().without_query(),
            "allowed": true,
            "declared_by": permit.declared_by(),
            "granted_by": permit.granted_by(),
            "reaches": permit.reaches().iter().collect::<Vec<_>>(),
            "metadata": permit.metadata(),
            "credentials": credentials,
        })
    }

    fn refused_document(&self, refusal: &Refusal) -> Value {
        json!({
            "plugin": self.manifest.plugin().id,
            "capability": refusal.capability(),
            "url": refusal.url().map(manifest::CheckedUrl::without_query),
            "allowed": false,
            "reason": refusal.reason().code(),
            "message": refusal.to_string(),
            "file": refusal.file().map(File::name),
            "nearest": refusal.nearest().map(|target| target.id()),
            "remedy": refusal.line(),
        })
    }

    fn granted(&self, capability: Capability) -> &[Granted] {
        self.enablement.grant().map_or(&[], |grant| grant.targets(capability))
    }

    /// The headers that the host adds, and where their values are.
    fn credentials(&self, permit: &Permit) -> Vec<(String, String)> {
        let granted = self.granted(permit.capability()).iter();
        let covers = granted.filter(|granted| is_of(permit.granted_by(), granted.target()));
        covers
            .flat_map(Granted::headers)
            .map(|header| (header.name().to_owned(), header.source().to_string()))
            .collect()
    }
}

fn refused(refusal: &Refusal) -> String {
    let mut text = format!("{refusal}\n");
    if let (Some(file), Some(nearest)) = (refusal.file(), refusal.nearest()) {
        lines(&mut text, "nearest to it is", file, [nearest].into_iter());
    }
    match refusal.line() {
        Some(remedy) => {
            let _ = write!(text, "this would allow it, {remedy}");
            if remedy.file == File::Manifest {
                text.push_str("and a grant of the same, once the plugin asks for it\n");
            }
        }
        None => text.push_str("no line of any file would allow it\n"),
    }
    text
}

/// The requested target that it would take to be granted.
fn granting(asked: &Asked<'_>, manifest: &Manifest, package: &Digest) -> Option<String> {
    let allows = |target: &&Arc<Target>| {
        let grant = [NewGrant { target, headers: &[] }];
        let text = edit::grant("", manifest, package, &grant).unwrap_or_default();
        let grants = Grants::parse(&text).unwrap_or_default();
        let enablement = Enablement::new(manifest, package, grants.plugin(&manifest.plugin().id));
        decide(asked, manifest, &enablement).is_allowed()
    };
    manifest.targets(asked.capability).iter().find(allows).map(|target| full_name(target))
}

fn hint(refusal: &Refusal, id: &str, granting: Option<&str>) -> Option<String> {
    let other = refusal.url().map(|url| url.scheme().capability()).filter(|other| *other != refusal.capability());
    Some(match (refusal.reason(), refusal.file(), other) {
        (Reason::Scheme, None, Some(Capability::Websocket)) => {
            format!("`yoi plugin explain {id} WS URL` asks for a WebSocket.")
        }
        (Reason::Scheme, None, Some(Capability::Request)) => {
            format!("`yoi plugin explain {id} GET URL` asks for a request.")
        }
        (Reason::Disabled, ..) => format!("`yoi plugin enable {id}` lets it run."),
        (Reason::StaleDigest, ..) => format!("`yoi plugin show {id}` says what grew, and `grant` grants it."),
        (_, Some(File::Manifest), _) => "Its author changes plugin.toml; it does not ask for this.".to_owned(),
        (_, Some(File::Grants), _) => {
            let target = granting.unwrap_or("TARGET");
            format!("It asks for this: `yoi plugin grant {id} {target}` grants it.")
        }
        _ => return None,
    })
}

fn lines<'t>(text: &mut String, what: &str, file: File, targets: impl Iterator<Item = &'t Arc<Target>>) {
    for target in targets {
        let _ = writeln!(text, "{what} `{}` of {}:", target.id(), file.name());
        for line in target.lines().lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
}

fn is_of(ids: &[Arc<str>], target: &Target) -> bool {
    ids.contains(target.id())
}

fn place(reach: Reach) -> &'static str {
    match reach {
        Reach::Public => "the internet",
        Reach::Loopback => "this machine",
        Reach::Private => "the local network",
    }
}
