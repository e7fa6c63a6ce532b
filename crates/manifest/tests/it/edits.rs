//! Changes of `plugins.toml`: what stays, and what comes.

use crate::support::{asked_as_granted, manifest_of, package};
use manifest::edit::{EditError, NewGrant, Revoked, grant, revoke, set_digest, set_enabled};
use manifest::{Capability, CredentialHeader, CredentialSource, Grants, Manifest};

const FILE: &str = r#"# Our plugins.

[plugins.other]        # not ours to touch
enabled = true

# The bridge; ask Ada before you widen it.
[plugins.corpus]
enabled = false        # until the review
digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"  # old

# reads only
[[plugins.corpus.grants.request]]
id = "api"
schemes = ["https"]    # never http
hosts = ["api.example.org"]
methods = ["GET"]
path_prefixes = ["/v1/public"]
headers = { authorization = { env = "API_TOKEN", prefix = "Bearer " } }

[plugins.zzz]
enabled = false
"#;

fn manifest() -> Manifest {
    let targets = "[[plugins.corpus.grants.request]]\nid = \"api\"\nschemes = [\"https\"]\nhosts = [\"api.example.org\"]\n\
                   methods = [\"GET\"]\npath_prefixes = [\"/v1\"]\n\
                   [[plugins.corpus.grants.websocket]]\nid = \"gateway\"\nschemes = [\"wss\"]\nhosts = [\"gateway.example.org\"]\n";
    manifest_of(&asked_as_granted(targets))
}

fn grant_all(text: &str, headers: &[CredentialHeader]) -> String {
    let manifest = manifest();
    let targets = Capability::ALL.into_iter().flat_map(|capability| manifest.targets(capability));
    let grants: Vec<NewGrant<'_>> = targets.map(|target| NewGrant { target, headers }).collect();
    grant(text, &manifest, &package(), &grants).unwrap()
}

#[test]
fn a_grant_keeps_comments_and_order() {
    insta::assert_snapshot!(grant_all(FILE, &[]));
}

#[test]
fn a_grant_into_nothing_is_a_whole_file() {
    let header = CredentialHeader::new("Authorization", CredentialSource::Env("TOKEN".into()), "Bearer ").unwrap();
    insta::assert_snapshot!(grant_all("", &[header]));
}

#[test]
fn granting_twice_changes_nothing_more() {
    let once = grant_all(FILE, &[]);
    assert_eq!(grant_all(&once, &[]), once);
}

#[test]
fn a_credential_stays_with_what_it_covered_and_no_further() {
    // narrower than before: it stays
    let manifest = manifest();
    let narrow = Grants::parse(&FILE.replace("/v1/public", "/v1/public/x")).unwrap();
    let narrow = narrow.plugin("corpus").unwrap().targets(Capability::Request)[0].target().clone();
    let text = grant(FILE, &manifest, &package(), &[NewGrant { target: &narrow, headers: &[] }]).unwrap();
    let headers = |text: &str| {
        Grants::parse(text).unwrap().plugin("corpus").unwrap().targets(Capability::Request)[0].headers().len()
    };
    assert_eq!(headers(&text), 1);
    // wider than before: nobody said that the credential goes there
    assert_eq!(headers(&grant_all(FILE, &[])), 0);
}

#[test]
fn revoking_takes_what_was_named() {
    let all = grant_all(FILE, &[]);
    let api = revoke(&all, "corpus", Revoked::Target(Capability::Request, "api")).unwrap();
    let grants = Grants::parse(&api).unwrap();
    let plugin = grants.plugin("corpus").unwrap();
    assert_eq!((plugin.targets(Capability::Request).len(), plugin.targets(Capability::Websocket).len()), (0, 1));
    // what was reviewed stays, so that revoking is no growth later
    assert_eq!(plugin.reviewed().len(), 2);
    assert!(api.contains("# The bridge; ask Ada before you widen it.") && api.contains("[plugins.zzz]"));
    let none = revoke(&all, "corpus", Revoked::All).unwrap();
    assert!(!none.contains("grants"), "{none}");
    for (id, revoked) in [
        ("corpus", Revoked::Target(Capability::Request, "nothing")),
        ("zzz", Revoked::All),
        ("zzz", Revoked::Capability(Capability::Request)),
    ] {
        assert_eq!(revoke(&all, id, revoked), Err(EditError::NotGranted), "{id} {revoked:?}");
    }
}

#[test]
fn one_value_is_changed_where_it_stands() {
    let enabled = set_enabled(FILE, "corpus", true).unwrap();
    assert_eq!(enabled, FILE.replace("enabled = false        # until", "enabled = true        # until"));
    let pinned = set_digest(FILE, "corpus", &package()).unwrap();
    assert_eq!(pinned, FILE.replace(&format!("sha256:{}", "0".repeat(64)), &package().to_string()));
}

#[test]
fn a_file_that_nobody_can_read_is_not_changed() {
    assert!(matches!(set_enabled("[plugins.corpus]\nenabled = 1", "corpus", true), Err(EditError::Broken(_))));
    assert!(matches!(
        set_enabled("plugins = { corpus = { enabled = true } }", "corpus", true),
        Err(EditError::Inline(_))
    ));
    assert!(matches!(set_enabled("", "No Id", true), Err(EditError::Id(_))));
}
