//! What a decision costs, allowed and refused, for a manifest of common size.

use criterion::{Criterion, criterion_group, criterion_main};
use manifest::{Asked, Digest, Enablement, Grants, Manifest, decide};
use std::fmt::Write;
use std::hint::black_box;

fn plugin() -> (Manifest, Enablement) {
    let package = manifest::digest(b"manifest", b"component");
    let mut asked = format!(
        "[plugin]\nid = \"x\"\nversion = \"1\"\nname = \"x\"\ndescription = \"x\"\napi = \"{}\"\n[component]\n\
         path = \"x\"\nsha256 = \"{}\"\n",
        manifest::API,
        Digest::of(b"component"),
    );
    let mut granted = format!("[plugins.x]\nenabled = true\ndigest = \"{package}\"\n");
    for name in ["api", "files", "hooks", "status"] {
        let lines = format!(
            "id = \"{name}\"\nschemes = [\"https\"]\nhosts = [\"{name}.example.org\", \"*.{name}.example.net\"]\n\
             methods = [\"GET\", \"POST\"]\npath_prefixes = [\"/v1\", \"/v2\"]\n"
        );
        let _ = write!(asked, "[[host_api.request.targets]]\n{lines}reason = \"x\"\n");
        let _ = write!(granted, "[[plugins.x.grants.request]]\n{lines}");
    }
    let manifest = Manifest::parse(&asked).unwrap_or_else(|problems| unreachable!("{problems}"));
    let grants = Grants::parse(&granted).unwrap_or_else(|problems| unreachable!("{problems}"));
    let enablement = Enablement::new(&manifest, &package, grants.plugin("x"));
    (manifest, enablement)
}

fn decisions(criterion: &mut Criterion) {
    let (manifest, enablement) = plugin();
    let mut group = criterion.benchmark_group("decide");
    for (name, url) in [
        ("allowed", "https://status.example.org/v2/incidents?limit=10"),
        ("refused: host", "https://elsewhere.example.org/v1/users"),
        ("refused: path", "https://status.example.org/v3/incidents"),
        ("refused: metadata", "http://169.254.169.254/latest/meta-data/"),
        ("refused: invalid", "https://user@status.example.org/v1"),
    ] {
        let headers = ["accept", "content-type", "user-agent"];
        let asked = Asked::request("GET", url).with_headers(&headers);
        group.bench_function(name, |bencher| bencher.iter(|| decide(black_box(&asked), &manifest, &enablement)));
    }
    group.finish();
}

criterion_group!(benches, decisions);
criterion_main!(benches);
