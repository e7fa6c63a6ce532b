//! Every URL of the corpus: what becomes of it, and that its normal form decides the same.

use crate::support::plugin;
use manifest::{Asked, CheckedUrl, Decision, Enablement, Manifest, Reason, decide};

const URLS: &str = include_str!("../corpus/urls.tsv");
const GRANTS: &str = include_str!("../corpus/corpus.toml");

struct Row {
    url: String,
    expected: &'static str,
}

fn rows() -> Vec<Row> {
    let lines = URLS.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut fields = line.split('\t');
            let (url, expected, source) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
            assert!(!source.is_empty() && fields.next().is_none(), "{line}");
            Row { url: unescape(url), expected }
        })
        .collect()
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        rest = match after.strip_prefix('\\') {
            Some(after) => {
                out.push('\\');
                after
            }
            None => {
                let (hex, after) = after.strip_prefix("u{").and_then(|after| after.split_once('}')).unwrap();
                out.push(char::from_u32(u32::from_str_radix(hex, 16).unwrap()).unwrap());
                after
            }
        };
    }
    out + rest
}

fn answer(url: &str, manifest: &Manifest, enablement: &Enablement) -> String {
    let normal = || CheckedUrl::parse(url).unwrap().to_string();
    match decide(&Asked::request("GET", url), manifest, enablement) {
        Decision::Allowed(permit) => format!("allowed {}", permit.url()),
        Decision::Refused(refusal) => match refusal.reason() {
            Reason::InvalidUrl(problem) => format!("invalid:{}", problem.code()),
            reason => format!("refused:{} {}", reason.code(), normal()),
        },
    }
}

#[test]
fn every_url_of_the_corpus_is_decided_as_it_says() {
    let (manifest, enablement) = plugin(GRANTS, GRANTS);
    let rows = rows();
    assert!(rows.len() >= 300, "{} rows", rows.len());
    let mut wrong = Vec::new();
    for Row { url, expected } in rows {
        let got = answer(&url, &manifest, &enablement);
        if got != expected {
            wrong.push(format!("{url:?}\n   expected {expected}\n   got      {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_normal_form_is_its_own_and_decides_the_same() {
    let (manifest, enablement) = plugin(GRANTS, GRANTS);
    for Row { url, .. } in rows() {
        let Ok(checked) = CheckedUrl::parse(&url) else { continue };
        let normal = checked.to_string();
        assert_eq!(CheckedUrl::parse(&normal).as_ref(), Ok(&checked), "{url:?}");
        assert_eq!(answer(&url, &manifest, &enablement), answer(&normal, &manifest, &enablement), "{url:?}");
    }
}

#[test]
fn nothing_of_the_corpus_is_allowed_without_grants_or_without_a_request() {
    let (manifest, ungranted) = plugin(GRANTS, "");
    let (silent, granted) = plugin("", GRANTS);
    for Row { url, .. } in rows() {
        assert!(!decide(&Asked::request("GET", &url), &manifest, &ungranted).is_allowed(), "{url:?}");
        assert!(!decide(&Asked::request("GET", &url), &silent, &granted).is_allowed(), "{url:?}");
        assert!(!decide(&Asked::websocket(&url), &manifest, &granted).is_allowed(), "{url:?}");
    }
}
