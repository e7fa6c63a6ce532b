//! Decisions and their refusals: the reason, the nearest target, and the line that would allow it.

use crate::support::plugin;
use manifest::{Asked, Decision, Enablement, File, Manifest, Nat64Prefix, Refusal, decide};
use std::net::IpAddr;

const ASKED: &str = r#"
[[plugins.corpus.grants.request]]
id = "api"
schemes = ["https"]
hosts = ["api.example.org", "*.cdn.example.org"]
methods = ["GET", "POST"]
path_prefixes = ["/v1"]

[[plugins.corpus.grants.request]]
id = "metrics"
schemes = ["http"]
hosts = ["localhost", "127.0.0.1"]
ports = [9090]
methods = ["GET"]
address = "loopback"

[[plugins.corpus.grants.request]]
id = "metadata"
schemes = ["http"]
hosts = ["169.254.169.254"]
methods = ["GET"]

[[plugins.corpus.grants.request]]
id = "anywhere-near"
schemes = ["http"]
hosts = ["*"]
methods = ["GET"]
path_prefixes = ["/status"]
address = "private"

[[plugins.corpus.grants.websocket]]
id = "gateway"
schemes = ["wss"]
hosts = ["gateway.example.org"]
path_prefixes = ["/ws"]
subprotocols = ["chat.v2"]
"#;

const GRANTED: &str = r#"
[[plugins.corpus.grants.request]]
id = "api"
schemes = ["https"]
hosts = ["api.example.org"]
methods = ["GET"]
path_prefixes = ["/v1/public"]
headers = { authorization = { env = "API_TOKEN", prefix = "Bearer " }, x-api-key = { file = "secrets/key" } }

[[plugins.corpus.grants.websocket]]
id = "gateway"
schemes = ["wss"]
hosts = ["gateway.example.org"]
path_prefixes = ["/ws"]
"#;

fn refusal(asked: &Asked<'_>, (manifest, enablement): &(Manifest, Enablement)) -> Refusal {
    match decide(asked, manifest, enablement) {
        Decision::Refused(refusal) => refusal,
        Decision::Allowed(permit) => panic!("allowed: {permit:?}"),
    }
}

fn get(url: &str) -> Asked<'_> {
    Asked::request("GET", url)
}

#[test]
fn each_refusal_says_what_it_is_and_which_line_would_allow_it() {
    let both = plugin(ASKED, GRANTED);
    let asked: Vec<(&str, Asked<'_>)> = vec![
        ("host", get("https://other.example.org/v1")),
        ("far", get("https://elsewhere.example/x")),
        ("port", get("https://api.example.org:8443/v1")),
        ("path", get("https://api.example.org/v2")),
        ("method", Asked::request("DELETE", "https://api.example.org/v1")),
        ("lower case", Asked::request("get", "https://api.example.org/v1")),
        ("scheme", get("http://api.example.org/v1")),
        ("a WebSocket by request", get("wss://gateway.example.org/ws")),
        ("a request by WebSocket", Asked::websocket("https://api.example.org/v1")),
        ("header", get("https://api.example.org/v1/public").with_headers(&["accept", "Cookie"])),
        ("space", get("http://localhost:9090/").with_headers(&["accept"])),
        ("metadata", get("http://169.254.170.2/")),
        ("granted less: host", get("https://x.cdn.example.org/v1/public")),
        ("granted less: path", get("https://api.example.org/v1/private")),
        ("granted less: method", Asked::request("POST", "https://api.example.org/v1/public")),
        ("granted nothing like it", get("http://169.254.169.254/")),
        ("subprotocol", Asked::websocket("wss://gateway.example.org/ws").with_subprotocols(&["chat.v3"])),
        ("invalid", get("https://user:hunter2@api.example.org/v1")),
    ];
    let mut page = String::new();
    for (name, asked) in asked {
        let refusal = refusal(&asked, &both);
        let line = refusal.line().map(|line| line.to_string()).unwrap_or_else(|| "no line would\n".to_owned());
        page.push_str(&format!("# {name}\n{} | {refusal}\n{line}\n", refusal.reason().code()));
    }
    assert!(!page.contains("hunter2"));
    insta::assert_snapshot!(page);
}

#[test]
fn a_plugin_that_is_not_in_force_may_nothing() {
    let (manifest, _) = plugin(ASKED, ASKED);
    let url = get("https://api.example.org/v1");
    let other = manifest::digest(b"other", b"");
    for (grants, code) in [
        (String::new(), "ungranted"),
        (format!("[plugins.corpus]\nenabled = false\ndigest = \"{}\"\n{ASKED}", crate::support::package()), "disabled"),
        (ASKED.to_owned(), "disabled"),
        (format!("[plugins.corpus]\nenabled = true\n{ASKED}"), "stale_digest"),
        (format!("[plugins.corpus]\nenabled = true\ndigest = \"{other}\"\n{GRANTED}"), "stale_digest"),
    ] {
        let grants = manifest::Grants::parse(&grants).unwrap();
        let enablement = Enablement::new(&manifest, &crate::support::package(), grants.plugin("corpus"));
        let refusal = refusal(&url, &(manifest.clone(), enablement));
        assert_eq!(refusal.reason().code(), code);
        assert!(refusal.line().is_some_and(|line| line.file == File::Grants), "{code}");
    }
}

#[test]
fn a_permit_names_both_lists_and_the_url_that_is_dialled() {
    let (manifest, enablement) = plugin(ASKED, GRANTED);
    let asked = Asked::request("GET", "HTTPS://API.example.org:443/v1/./public/%61?q=s3cret");
    let permit = decide(&asked, &manifest, &enablement).into_result().unwrap();
    assert_eq!(permit.url().to_string(), "https://api.example.org/v1/public/a?q=s3cret");
    assert_eq!(
        (permit.url().host_header().as_str(), permit.url().origin_form()),
        ("api.example.org", "/v1/public/a?q=s3cret")
    );
    assert_eq!((permit.declared_by(), permit.granted_by()), (&["api".into()][..], &["api".into()][..]));
    assert_eq!(permit.method(), Some("GET"));
    let public: IpAddr = "93.184.216.34".parse().unwrap();
    let names: Vec<&str> = permit.credentials(public, &[]).iter().map(|header| header.name()).collect();
    assert_eq!(names, ["authorization", "x-api-key"]);
    // no credential follows a name to another space
    assert!(permit.credentials("10.0.0.1".parse().unwrap(), &[]).is_empty());
    assert!(!format!("{permit:?}").contains("s3cret"));
}

#[test]
fn one_address_outside_refuses_all() {
    let (manifest, enablement) = plugin(ASKED, GRANTED);
    let permit = decide(&get("https://api.example.org/v1/public"), &manifest, &enablement).into_result().unwrap();
    let ips = |text: &str| -> Vec<IpAddr> { text.split_whitespace().map(|ip| ip.parse().unwrap()).collect() };
    for good in ["93.184.216.34", "93.184.216.34 2606:4700::1111"] {
        assert!(permit.admits(&ips(good), &[]).is_ok(), "{good}");
    }
    let nat64: Nat64Prefix = "2606:4700:64::/96".parse().unwrap();
    for (bad, code) in [
        ("", "limit"),
        ("127.0.0.1", "address_space"),
        ("93.184.216.34 10.0.0.1", "address_space"),
        ("93.184.216.34 ::ffff:10.0.0.1", "address_space"),
        ("93.184.216.34 169.254.169.254", "metadata"),
        ("64:ff9b::a9fe:a9fe", "metadata"),
        ("2606:4700:64::a9fe:a9fe", "metadata"),
        ("2001:0:7f00:1::", "address_space"),
        ("0.0.0.0", "address_space"),
    ] {
        let refusal = permit.admits(&ips(bad), &[nat64]).unwrap_err();
        assert_eq!(refusal.reason().code(), code, "{bad}");
    }
    assert_eq!(permit.admits(&vec!["93.184.216.34".parse().unwrap(); 65], &[]).unwrap_err().reason().code(), "limit");
}

#[test]
fn a_metadata_address_is_reached_by_its_literal_only() {
    let (manifest, enablement) = plugin(ASKED, ASKED);
    let permit = decide(&get("http://0xa9fea9fe/"), &manifest, &enablement).into_result().unwrap();
    assert_eq!(permit.metadata(), Some("169.254.169.254".parse().unwrap()));
    assert!(permit.admits(&["169.254.169.254".parse().unwrap()], &[]).is_ok());
    for other in ["169.254.169.253", "93.184.216.34", "10.0.0.1"] {
        assert!(permit.admits(&[other.parse().unwrap()], &[]).is_err(), "{other}");
    }
    // neither a star of the local network, nor a name that resolves to it
    assert_eq!(
        refusal(&get("http://169.254.1.1/status"), &(manifest.clone(), enablement.clone())).reason().code(),
        "metadata"
    );
    let named = decide(&get("http://router.example/status"), &manifest, &enablement).into_result().unwrap();
    assert!(named.admits(&["10.0.0.1".parse().unwrap()], &[]).is_ok());
    assert!(named.admits(&["169.254.169.254".parse().unwrap()], &[]).is_err());
    assert!(named.admits(&["93.184.216.34".parse().unwrap()], &[]).is_err());
}

#[test]
fn what_another_space_is_granted_does_not_count() {
    let asked = "[[plugins.corpus.grants.request]]\nid = \"a\"\nschemes = [\"https\"]\nhosts = [\"a.example\"]\nmethods = [\"GET\"]\n";
    let (manifest, enablement) = plugin(asked, &format!("{asked}address = \"private\"\n"));
    let refusal = refusal(&get("https://a.example/"), &(manifest, enablement));
    assert_eq!(refusal.reason().code(), "address_space");
    insta::assert_snapshot!(format!("{refusal}\n{}", refusal.line().unwrap()));
}

#[test]
fn localhost_is_this_machine_before_anybody_resolves_it() {
    let public =
        "[[plugins.corpus.grants.request]]\nid = \"a\"\nschemes = [\"http\"]\nhosts = [\"*\"]\nmethods = [\"GET\"]\n";
    let both = plugin(public, public);
    for url in ["http://localhost/", "http://a.localhost/", "http://127.1/", "http://[::1]/", "http://10.0.0.1/"] {
        assert_eq!(refusal(&get(url), &both).reason().code(), "address_space", "{url}");
    }
    assert!(decide(&get("http://8.8.8.8/"), &both.0, &both.1).is_allowed());
}
