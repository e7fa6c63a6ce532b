//! Findings of targets that are broad, and of such that are not.

use super::*;
use crate::{Granted, Grants};

fn target(lines: &str) -> Arc<Target> {
    let word = if lines.contains("\"ws") { "websocket" } else { "request" };
    let capability = if word == "websocket" { Capability::Websocket } else { Capability::Request };
    let methods = if word == "request" { "methods = [\"GET\"]" } else { "" };
    let text = format!("[[plugins.x.grants.{word}]]\nid = \"t\"\n{methods}\n{lines}\n");
    let grants = Grants::parse(&text).unwrap_or_else(|problems| panic!("{problems}"));
    let granted: &Granted = &grants.plugin("x").unwrap().targets(capability)[0];
    granted.target().clone()
}

fn kinds(lines: &str) -> Vec<FindingKind> {
    let target = target(lines);
    findings(target.capability(), &[&target]).iter().map(|finding| finding.kind).collect()
}

#[test]
fn a_narrow_target_has_none() {
    let lines = "schemes = [\"https\"]\nhosts = [\"api.example.org\", \"*.example.org\"]\npath_prefixes = [\"/v1\"]";
    assert_eq!(kinds(lines), []);
}

#[test]
fn each_kind_is_found() {
    use FindingKind::*;
    for (hosts, rest, expected) in [
        ("\"*\"", "", &[AnyHost][..]),
        ("\"*.github.io\"", "", &[SharedSuffix]),
        ("\"*.compute.amazonaws.com\"", "", &[SharedSuffix]),
        ("\"*.s3.amazonaws.com\"", "", &[SharedSuffix]),
        ("\"a.github.io\"", "", &[]),
        ("\"*.a.example.org\", \"*.b.example.org\"", "", &[]),
        ("\"*.example.org\", \"*.example.com\"", "", &[ManyDomains]),
        ("\"a.org\"", "ports = \"*\"", &[AnyPort]),
        ("\"10.0.0.1.nip.io\"", "", &[AddressInName]),
        ("\"аррӏе.com\"", "", &[Lookalike]),
        ("\"pаypal.com\"", "", &[Lookalike]),
        ("\"bücher.example\"", "", &[]),
        ("\"例え.jp\"", "", &[]),
        ("\"localhost\"", "address = \"loopback\"", &[Loopback]),
        ("\"nas.home.arpa\"", "address = \"private\"", &[Private]),
        ("\"169.254.169.254\"", "", &[Metadata]),
    ] {
        let lines = format!("schemes = [\"https\"]\nhosts = [{hosts}]\npath_prefixes = [\"/v1\"]\n{rest}");
        assert_eq!(kinds(&lines), expected, "{lines}");
    }
    assert_eq!(kinds("schemes = [\"http\"]\nhosts = [\"a.org\"]"), [InTheClear, EveryPath]);
    assert_eq!(kinds("schemes = [\"ws\", \"wss\"]\nhosts = [\"a.org\"]\npath_prefixes = [\"/x\"]"), [InTheClear]);
}

#[test]
fn splitting_targets_does_not_hide_that_there_are_many_domains() {
    let one = target("schemes = [\"https\"]\nhosts = [\"*.a.org\"]\npath_prefixes = [\"/x\"]");
    let other = target("schemes = [\"https\"]\nhosts = [\"*.b.org\"]\npath_prefixes = [\"/x\"]");
    let found = findings(Capability::Request, &[&one, &other]);
    assert_eq!(found[0].words, "may send requests to every name under 2 domains: a.org, b.org");
}
