//! What an update does to grants.

use crate::support::{asked_as_granted, manifest_of, package};
use manifest::edit::{NewGrant, grant};
use manifest::{Capability, Digest, Enablement, Grants, Manifest, Standing, grown};

fn target(id: &str, hosts: &str, path: &str) -> String {
    format!(
        "[[plugins.corpus.grants.request]]\nid = \"{id}\"\nschemes = [\"https\"]\nhosts = [{hosts}]\n\
         methods = [\"GET\"]\npath_prefixes = [\"{path}\"]\n"
    )
}

fn asks(targets: &str) -> Manifest {
    manifest_of(&asked_as_granted(targets))
}

fn granted(manifest: &Manifest, ids: &[&str]) -> Grants {
    let targets = manifest.targets(Capability::Request);
    let chosen: Vec<NewGrant<'_>> = targets
        .iter()
        .filter(|target| ids.contains(&&**target.id()))
        .map(|target| NewGrant { target, headers: &[] })
        .collect();
    Grants::parse(&grant("", manifest, &package(), &chosen).unwrap()).unwrap()
}

fn standing(manifest: &Manifest, package: &Digest, grants: &Grants) -> Standing {
    Enablement::new(manifest, package, grants.plugin("corpus")).standing()
}

#[test]
fn an_update_is_suspended_when_it_asks_for_more_and_only_then() {
    let first = asks(&(target("a", "\"a.example\"", "/v1") + &target("b", "\"b.example\"", "/")));
    // only one of two is granted; the other was seen
    let grants = granted(&first, &["a"]);
    let update = manifest::digest(b"new", b"new");
    assert_eq!(standing(&first, &package(), &grants), Standing::Current);
    assert_eq!(standing(&first, &update, &grants), Standing::Updated);
    for (text, expected) in [
        (target("a", "\"a.example\"", "/v1"), Standing::Updated),
        (target("a", "\"a.example\"", "/v1/x"), Standing::Updated),
        (target("renamed", "\"a.example\"", "/v1"), Standing::Updated),
        (target("b", "\"b.example\"", "/x"), Standing::Updated),
        (target("a", "\"a.example\"", "/"), Standing::Suspended),
        (target("a", "\"a.example\", \"c.example\"", "/v1"), Standing::Suspended),
        (target("a", "\"*.a.example\"", "/v1"), Standing::Suspended),
    ] {
        let manifest = asks(&text);
        assert_eq!(standing(&manifest, &update, &grants), expected, "{text}");
        // nothing is suspended for the package that was looked at
        assert_eq!(standing(&manifest, &package(), &grants), Standing::Current, "{text}");
    }
}

#[test]
fn what_grew_is_named_by_its_part() {
    let first = asks(&target("a", "\"a.example\"", "/v1"));
    let grants = granted(&first, &["a"]);
    let next = asks(&(target("a", "\"a.example\", \"c.example\"", "/v1") + &target("n", "\"n.example\"", "/")));
    let grown = grown(&next, grants.plugin("corpus").unwrap());
    let parts: Vec<String> = grown.iter().map(|grown| format!("{} {}", grown.target.id(), grown.part)).collect();
    assert_eq!(parts, ["a GET https://c.example/v1", "n GET https://n.example/"]);
}
