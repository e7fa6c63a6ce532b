//! Names that are not what they seem.
//!
//! Owns the list of services that answer with the address in a name, and the looks of letters
//! (Unicode TS #39).

use crate::url::to_unicode;
use unicode_security::MixedScript;

/// Domains whose names resolve to an address that is written in them, or to this machine.
const ADDRESS_SERVICES: [&str; 14] = [
    "nip.io",
    "sslip.io",
    "xip.io",
    "localtest.me",
    "lvh.me",
    "vcap.me",
    "lacolhost.com",
    "traefik.me",
    "localho.st",
    "local.gd",
    "1u.ms",
    "rbndr.us",
    "ip6.name",
    "backname.io",
];

/// The service that a name belongs to.
pub(super) fn address_service(name: &str) -> Option<&'static str> {
    let is_of =
        |service: &&str| name.strip_suffix(*service).is_some_and(|labels| labels.is_empty() || labels.ends_with('.'));
    ADDRESS_SERVICES.into_iter().find(is_of)
}

/// What a name looks like, where that is not what it is.
pub(super) fn lookalike(name: &str) -> Option<String> {
    let shown = to_unicode(name);
    for label in shown.split('.').filter(|label| !label.is_ascii()) {
        let looks: String = unicode_security::skeleton(label).collect();
        if looks.is_ascii() {
            return Some(format!("`{label}` in {shown} ({name}) looks like `{looks}` and is not"));
        }
        if !label.is_single_script() {
            return Some(format!("`{label}` in {shown} ({name}) mixes letters of several scripts"));
        }
    }
    None
}
