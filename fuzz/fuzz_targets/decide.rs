//! Any URL: its normal form is stable and decides the same, and nothing leaves the two lists.
#![no_main]

use libfuzzer_sys::fuzz_target;
use manifest::{Asked, CheckedUrl, Decision, Digest, Enablement, Grants, Manifest, decide};
use std::sync::LazyLock;

const LINES: &str = "id = \"api\"\nschemes = [\"https\"]\nhosts = [\"api.example.org\", \"*.cdn.example.org\"]\n\
                     methods = [\"GET\"]\npath_prefixes = [\"/v1\"]\n";

static PLUGIN: LazyLock<(Manifest, Enablement)> = LazyLock::new(|| {
    let package = Digest::of(b"");
    let asked = format!(
        "[plugin]\nid = \"x\"\nversion = \"1\"\nname = \"x\"\ndescription = \"x\"\napi = \"{}\"\n[component]\npath = \"x\"\n\
         sha256 = \"{package}\"\n[[host_api.request.targets]]\n{LINES}reason = \"x\"\n",
        manifest::API
    );
    let granted = format!("[plugins.x]\nenabled = true\ndigest = \"{package}\"\n[[plugins.x.grants.request]]\n{LINES}");
    let manifest = Manifest::parse(&asked).expect("a manifest");
    let grants = Grants::parse(&granted).expect("grants");
    let enablement = Enablement::new(&manifest, &package, grants.plugin("x"));
    (manifest, enablement)
});

fuzz_target!(|url: &str| {
    let (manifest, enablement) = &*PLUGIN;
    let Ok(checked) = CheckedUrl::parse(url) else { return };
    let normal = checked.to_string();
    assert_eq!(CheckedUrl::parse(&normal).as_ref(), Ok(&checked));
    let decision = decide(&Asked::request("GET", url), manifest, enablement);
    assert_eq!(decision.is_allowed(), decide(&Asked::request("GET", &normal), manifest, enablement).is_allowed());
    if let Decision::Allowed(permit) = decision {
        let host = permit.url().host().domain().expect("a name");
        assert!(host == "api.example.org" || host.ends_with(".cdn.example.org"), "{host}");
        let path = permit.url().path();
        assert!(path == "/v1" || path.starts_with("/v1/"), "{path}");
        assert!(!path.split('/').any(|segment| segment == ".." || segment == "."), "{path}");
    }
});
