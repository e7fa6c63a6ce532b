//! What is wrong with settings together.
//!
//! Owns the rules of a start: nobody reaches the backend from elsewhere who has not said who it is,
//! or over a line that others can read.

use super::keys::TABLE;
use super::settings::{ProxyTls, Settings};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use yoi_access::Principals;
use yoi_settings::Draft;

/// What the file of keys is called, beside the file of settings.
const KEYS_FILE: &str = "cursor_keys";

pub(super) fn together(draft: &mut Draft<Settings>) {
    if draft.settings.tls_cert.is_some() != draft.settings.tls_key.is_some() {
        draft.problems.add("`tls.cert` and `tls.key` go together: one of them is missing");
    }
    reach(draft);
    runtimes(draft);
    principals(draft);
    place_keys(draft);
}

/// Who reaches it, and how.
fn reach(draft: &mut Draft<Settings>) {
    let settings = &draft.settings;
    let listen = settings.listen;
    if draft.is_wrong("listen") || draft.is_wrong("proxy_tls") {
        return;
    }
    let is_proxied = settings.proxy_tls == ProxyTls::Yes;
    let has_principals = !settings.principals.is_empty() || draft.is_wrong_in("principals");
    let has_tls = settings.tls_cert.is_some() || settings.tls_key.is_some();
    let is_loopback = yoi_edge::is_loopback(&listen);
    let origin = draft.origin("listen").to_owned();
    if !is_loopback && !has_principals {
        draft.problems.add(format!(
            "{origin}: `listen` {listen} can be reached from other machines, so there must be [[principals]]: `yoi token new` makes a token for one"
        ));
    }
    if !is_loopback && !has_tls && !is_proxied {
        draft.problems.add(format!(
            "{origin}: `listen` {listen} can be reached from other machines, so `tls.cert` and `tls.key` must be set, or `proxy_tls` where a proxy terminates TLS"
        ));
    }
    if is_loopback && is_proxied && !has_principals {
        let origin = draft.origin("proxy_tls").to_owned();
        draft.problems.add(format!(
            "{origin}: with `proxy_tls` others reach this server through the proxy, so there must be [[principals]]: `yoi token new` makes a token for one"
        ));
    }
    if is_loopback && !is_proxied && !has_principals {
        draft.warnings.push("there are no [[principals]]: whoever is on this machine may do everything".to_owned());
    }
}

fn runtimes(draft: &mut Draft<Settings>) {
    let mut places = BTreeMap::new();
    for entry in &draft.settings.runtimes {
        let id = &entry.spec.runtime_id;
        if let Some(before) = places.insert(id, &entry.place) {
            draft.problems.add(format!("{}: there is a runtime `{id}` already, at {before}", entry.place));
        }
    }
    let has_none = draft.settings.runtimes.is_empty() && !draft.is_wrong_in("runtimes") && !draft.is_wrong("embedded");
    if has_none && !draft.settings.embedded {
        draft.warnings.push("there are no [[runtimes]], and `embedded` is off: there will be no workers".to_owned());
    }
}

fn principals(draft: &mut Draft<Settings>) {
    let all = draft.settings.principals.iter().map(|entry| entry.principal.clone());
    if let Err(error) = Principals::new(all) {
        let place = draft.settings.principals.first().map(|entry| entry.place.clone()).unwrap_or_default();
        draft.problems.add(format!("{place}: `principals`: {error}"));
    }
}

/// Puts the keys beside the file of settings where nobody says.
fn place_keys(draft: &mut Draft<Settings>) {
    if !draft.settings.cursor_keys.as_os_str().is_empty() || draft.is_wrong("cursor_keys") {
        return;
    }
    let usual = PathBuf::from(TABLE.file.path);
    let file = draft.file.as_ref().unwrap_or(&usual);
    let path = file.parent().unwrap_or(Path::new("")).join(KEYS_FILE);
    draft.follows("cursor_keys", path.display().to_string(), "default");
    draft.settings.cursor_keys = path;
}
