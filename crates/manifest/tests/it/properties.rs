//! What holds for every manifest, every grant and every URL.

use crate::support::{asked_as_granted, plugin};
use manifest::{Asked, CheckedUrl, Decision, Grants, Manifest, Target, decide};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::sync::Arc;

const HOSTS: [&str; 9] = [
    "a.example.org",
    "b.example.org",
    "*.example.org",
    "*.a.example.org",
    "bücher.example",
    "93.184.216.34",
    "2606:4700::1111",
    "169.254.169.254",
    "*",
];
const PATHS: [&str; 6] = ["/", "/v1", "/v1/x", "/v1/x/", "/v2", "/%E2%82%AC"];
const METHODS: [&str; 3] = ["GET", "POST", "DELETE"];

/// The lines of a target.
fn target() -> impl Strategy<Value = String> {
    let lists = (
        subsequence(vec!["https", "http"], 1..=2),
        subsequence(HOSTS.to_vec(), 1..=4),
        prop_oneof![Just(String::new()), Just("ports = \"*\"\n".to_owned()), Just("ports = [443, 8443]\n".to_owned())],
        subsequence(METHODS.to_vec(), 1..=3),
        subsequence(PATHS.to_vec(), 1..=3),
    );
    lists.prop_map(|(schemes, hosts, ports, methods, paths)| {
        format!("schemes = {schemes:?}\nhosts = {hosts:?}\n{ports}methods = {methods:?}\npath_prefixes = {paths:?}\n")
    })
}

fn grants_of(targets: &[String]) -> String {
    let tables = targets.iter().enumerate();
    tables.map(|(number, lines)| format!("[[plugins.corpus.grants.request]]\nid = \"t{number}\"\n{lines}")).collect()
}

fn targets() -> impl Strategy<Value = String> {
    prop::collection::vec(target(), 0..4).prop_map(|targets| grants_of(&targets))
}

/// A URL near what targets cover.
fn url() -> impl Strategy<Value = String> {
    let hosts = select(vec![
        "a.example.org",
        "b.example.org",
        "x.a.example.org",
        "example.org",
        "bücher.example",
        "93.184.216.34",
        "[2606:4700::1111]",
        "169.254.169.254",
        "10.0.0.1",
        "localhost",
        "0x5db8d822",
        "evil.example",
        "a.example.org.",
    ]);
    let path = prop::collection::vec(
        select(vec![
            "v1",
            "v2",
            "x",
            "..",
            ".",
            "%76%31",
            "%2e%2e",
            "",
            "v1x",
            "€",
            "%E2%82%AC",
            "..;",
            "%2f",
            "%252e",
            "a%",
        ]),
        0..5,
    );
    let port = select(vec!["", ":443", ":80", ":8443", ":0", ":"]);
    (select(vec!["https", "http", "HTTPS", "wss"]), hosts, port, path)
        .prop_map(|(scheme, host, port, path)| format!("{scheme}://{host}{port}/{}", path.join("/")))
}

fn allowed(method: &str, url: &str, asked: &str, granted: &str) -> bool {
    let (manifest, enablement) = plugin(asked, granted);
    decide(&Asked::request(method, url), &manifest, &enablement).is_allowed()
}

fn all_targets(granted: &str) -> Vec<Arc<Target>> {
    let grants = Grants::parse(granted).unwrap();
    let plugin = grants.plugin("corpus").cloned();
    plugin
        .iter()
        .flat_map(|plugin| plugin.targets(manifest::Capability::Request))
        .map(|granted| granted.target().clone())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn both_lists_are_needed(asked in targets(), granted in targets(), url in url(), method in select(METHODS.to_vec())) {
        if allowed(method, &url, &asked, &granted) {
            prop_assert!(allowed(method, &url, &asked, &asked), "{} {}", method, url);
            prop_assert!(allowed(method, &url, &granted, &granted), "{} {}", method, url);
            prop_assert!(!allowed(method, &url, &asked, ""));
            prop_assert!(!allowed(method, &url, "", &granted));
        }
        // and they are the same kind of list
        prop_assert_eq!(allowed(method, &url, &asked, &granted), allowed(method, &url, &granted, &asked));
    }

    #[test]
    fn a_grant_that_is_covered_allows_no_more(wide in targets(), narrow in targets(), url in url(), method in select(METHODS.to_vec())) {
        let wide_targets = all_targets(&wide);
        let refs: Vec<&Target> = wide_targets.iter().map(|target| &**target).collect();
        let covered = all_targets(&narrow).iter().all(|target| manifest::covers_all(&refs, target).is_ok());
        if covered && allowed(method, &url, &narrow, &narrow) {
            prop_assert!(allowed(method, &url, &wide, &wide), "{} {}\n{}\n{}", method, url, wide, narrow);
        }
    }

    #[test]
    fn a_grant_without_a_target_allows_no_more(all in prop::collection::vec(target(), 1..4), url in url(), method in select(METHODS.to_vec())) {
        let (fewer, all) = (grants_of(&all[1..]), grants_of(&all));
        if allowed(method, &url, &all, &fewer) {
            prop_assert!(allowed(method, &url, &all, &all));
        }
    }

    #[test]
    fn what_is_said_to_be_uncovered_is_refused_where_it_is_a_url(wide in targets(), narrow in target()) {
        let (wide_targets, narrow) = (all_targets(&wide), grants_of(&[narrow]));
        let refs: Vec<&Target> = wide_targets.iter().map(|target| &**target).collect();
        let target = &all_targets(&narrow)[0];
        let Err(part) = manifest::covers_all(&refs, target) else { return Ok(()) };
        let url = part.to_string();
        let (method, url) = url.split_once(' ').unwrap();
        // a part with a wildcard is no URL
        if !url.contains('*') {
            prop_assert!(allowed(method, url, &narrow, &narrow), "{}", url);
            prop_assert!(!allowed(method, url, &wide, &wide), "{}", url);
        }
    }

    #[test]
    fn a_normal_form_is_its_own(url in url()) {
        if let Ok(checked) = CheckedUrl::parse(&url) {
            let again = CheckedUrl::parse(&checked.to_string());
            prop_assert_eq!(again.as_ref(), Ok(&checked));
            prop_assert_eq!(again.unwrap().to_string(), checked.to_string());
        }
    }

    #[test]
    fn no_text_panics_and_every_normal_form_is_stable(text in "(https?://)?[ -~\u{80}-\u{2ff}]{0,40}") {
        if let Ok(checked) = CheckedUrl::parse(&text) {
            prop_assert_eq!(CheckedUrl::parse(&checked.to_string()), Ok(checked));
        }
    }

    #[test]
    fn spelling_decides_nothing(asked in targets(), granted in targets(), url in url(), upper in any::<bool>(), escape in any::<prop::sample::Index>()) {
        let (manifest, enablement) = plugin(&asked, &granted);
        let answer = |url: &str| match decide(&Asked::request("GET", url), &manifest, &enablement) {
            Decision::Allowed(permit) => format!("allowed {}", permit.url()),
            Decision::Refused(refusal) => refusal.reason().code().to_owned(),
        };
        let Ok(checked) = CheckedUrl::parse(&url) else { return Ok(()) };
        // another spelling: the port written out, the scheme and host in upper case, one letter of the path escaped
        let mut path = checked.path().to_owned();
        let letters: Vec<usize> = path.char_indices().filter(|(at, c)| c.is_ascii_alphanumeric() && !path[..*at].ends_with('%') && !path[..*at].get(at.saturating_sub(2)..).is_some_and(|two| two.starts_with('%'))).map(|(at, _)| at).collect();
        if !letters.is_empty() {
            let at = letters[escape.index(letters.len())];
            let byte = path.as_bytes()[at];
            path.replace_range(at..=at, &format!("%{byte:02x}"));
        }
        let start = format!("{}://{}", checked.scheme(), checked.host());
        let start = if upper { start.to_ascii_uppercase() } else { start };
        let other = format!("{start}:{}{path}", checked.port());
        prop_assert_eq!(answer(&url), answer(&other), "{} {}", url, other);
        prop_assert_eq!(answer(&url), answer(&checked.to_string()));
    }

    #[test]
    fn a_manifest_is_read_as_it_is_printed(granted in targets()) {
        let manifest = crate::support::manifest_of(&asked_as_granted(&granted));
        prop_assert_eq!(Manifest::parse(&manifest.to_toml()), Ok(manifest));
    }

    #[test]
    fn no_text_of_a_file_panics(text in "[ -~\n]{0,200}") {
        let _ = Manifest::parse(&text);
        let _ = Grants::parse(&text);
    }
}
