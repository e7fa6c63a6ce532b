//! `[[runtimes]]`: the runtimes in processes of their own.
//!
//! Owns the step from such a table to what a runtime is reached with. Connects to none.

use super::settings::{RuntimeEntry, Settings};
use crate::handle::{Remote, RemoteSpec};
use yoi_client::{Secret, Timeouts};
use yoi_settings::{Entry, Form, Item, Members, Section};

pub(super) const SECTION: Section<Settings> = Section {
    name: "runtimes",
    form: Form::List,
    read: |settings, entry| settings.runtimes.extend(read(entry)),
    items,
};

/// What is shown of them.
fn items(settings: &Settings) -> Vec<Item> {
    let item = |entry: &RuntimeEntry| {
        let token = if entry.spec.token.is_some() { "********" } else { "(none)" };
        Item {
            name: entry.spec.runtime_id.to_string(),
            members: vec![("url", entry.spec.url.clone()), ("token", token.to_owned())],
            origin: entry.place.clone(),
        }
    };
    settings.runtimes.iter().map(item).collect()
}

/// Reads one; none where something is wrong, which is told.
fn read(entry: Entry<'_>) -> Option<RuntimeEntry> {
    let Entry { place, mut members, .. } = entry;
    let id = members.required("id", "the runtime's own `runtime_id`", |members, name| {
        members.parsed(name, |text| text.parse().map_err(|error: protocol::IdError| format!("does not fit: {error}")))
    });
    let url = members.required("url", "where the runtime is, such as https://box.example:7071", Members::text);
    let token = members.secret("token");
    let token = token.and_then(|text| match Secret::new(&text) {
        Ok(token) => Some(token),
        Err(error) => {
            members.wrong("token", &format!("does not fit: {error}"));
            None
        }
    });
    let ca = members.path("ca").and_then(|path| match std::fs::read(&path) {
        Ok(pem) => Some(pem),
        Err(error) => {
            members.wrong("ca", &format!("{} cannot be read: {error}", path.display()));
            None
        }
    });
    let pin = members.parsed("pin", |text| {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        digits.parse().map_err(|error: yoi_client::PinError| format!("does not fit: {error}"))
    });
    let usual = Timeouts::default();
    let timeouts = Timeouts {
        connect: members.duration("connect_timeout").unwrap_or(usual.connect),
        request: members.duration("request_timeout").unwrap_or(usual.request),
        silence: members.duration("silence_timeout").unwrap_or(usual.silence),
    };
    let spec = id.zip(url).map(|(id, url)| RemoteSpec { token, ca, pin, timeouts, ..RemoteSpec::new(id, url) });
    if let Some(spec) = &spec {
        check(spec, &mut members);
    }
    members.finish();
    spec.map(|spec| RuntimeEntry { spec, place })
}

/// Tells what a handle of it would not take, and what its operator should know.
fn check(spec: &RemoteSpec, members: &mut Members<'_>) {
    if let Err(error) = Remote::new(spec) {
        members.wrong("url", &format!("is not usable: {error}"));
        return;
    }
    let host = spec.url.parse::<http::Uri>().ok();
    let host = host.as_ref().and_then(http::Uri::host).unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_here =
        host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback());
    if spec.token.is_some() && !is_here && spec.url.starts_with("http:") {
        members.warn("url", "has no TLS: whoever is on the way can read the runtime's token and everything else");
    }
}
