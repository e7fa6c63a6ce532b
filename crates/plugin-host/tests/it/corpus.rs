//! URLs that were made to fool somebody, through a guest and the one dialler, for both capabilities.
//!
//! The corpus is `manifest`'s, which says what is decided. Here it is held against what is asked of the
//! resolver and what is dialled: a URL must not mean one host to whoever judges it and another to
//! whoever connects.

use crate::support::{Fixture, Plugin, Target, kind, request, websocket};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use plugin_host::Resolve;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

/// Answers nothing, and remembers what it was asked.
#[derive(Default)]
struct Silent(Mutex<BTreeSet<String>>);

impl Resolve for Silent {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        self.0.lock().insert(host.to_owned());
        Box::pin(std::future::ready(Err(io::ErrorKind::NotFound.into())))
    }
}

/// What the corpus says of one URL.
#[derive(Clone, Debug, PartialEq)]
enum Expected {
    Invalid,
    Denied,
    /// It goes to this host.
    Dialled(String),
}

fn rows() -> Vec<(String, Expected)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifest/tests/corpus/urls.tsv");
    let text = std::fs::read_to_string(path).expect("the corpus");
    let row = |line: &str| {
        let mut fields = line.split('\t');
        let (url, expected) = (fields.next().expect("a URL"), fields.next().expect("what becomes of it"));
        (unescape(url), expect(expected))
    };
    text.lines().filter(|line| !line.starts_with('#')).map(row).collect()
}

fn expect(text: &str) -> Expected {
    if text.starts_with("invalid:") {
        return Expected::Invalid;
    }
    let Some(normal) = text.strip_prefix("allowed ") else { return Expected::Denied };
    let url = manifest::CheckedUrl::parse(normal).expect("a normal form");
    match url.host().ip() {
        // the local network is not granted here: a test knocks at nobody's door
        Some(ip) if !ip.is_loopback() => Expected::Denied,
        _ => Expected::Dialled(url.host().to_string()),
    }
}

/// `\u{…}` is a character, and `\\` a backslash.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let Some(hex) = after.strip_prefix("u{") else {
            out.push('\\');
            rest = &after[1..];
            continue;
        };
        let (hex, after) = hex.split_once('}').expect("an escape");
        out.push(u32::from_str_radix(hex, 16).ok().and_then(char::from_u32).expect("a character"));
        rest = after;
    }
    out + rest
}

/// What the corpus is decided by, without the local network.
fn plugin() -> Plugin {
    let hosts = r#"["api.example.org", "*.cdn.example.org", "bücher.example"]"#;
    let api = |target: Target, scheme: &str| {
        let target = target.with("schemes", format!("[\"{scheme}\"]")).with("hosts", hosts).with("ports", "");
        target.with("address", "").with("path_prefixes", r#"["/v1", "/files/"]"#)
    };
    let local = |target: Target| target.with("hosts", r#"["127.0.0.1", "::1", "localhost"]"#).with("ports", "");
    let plugin = Plugin::probe().asks(api(request("api", 1), "https")).asks(local(request("local", 1)));
    plugin.asks(api(websocket("api", 1), "wss")).asks(local(websocket("local", 1)))
}

#[tokio::test]
async fn a_url_goes_where_it_was_judged_to_go_or_nowhere() {
    let silent = Arc::new(Silent::default());
    let (plugin, resolver) = (plugin(), silent.clone());
    let targets = plugin.asked.clone();
    let fixture = Fixture::with(plugin, &targets, "{}", move |options| options.resolver = resolver).await;
    assert!(fixture.is_up(), "{:?}", fixture.status());

    let mut cases: Vec<(Value, Expected)> = Vec::new();
    for (url, expected) in rows() {
        // of the other capability only what is the same URL but for its scheme
        if let Some(rest) = url.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("http")).map(|_| &url[4..]) {
            cases.push((json!({ "do": "open", "url": format!("ws{rest}"), "timeout_ms": 500 }), expected.clone()));
        }
        cases.push((json!({ "do": "request", "url": url, "timeout_ms": 500 }), expected));
    }
    assert!(cases.len() > 1000, "{}", cases.len());
    let mut wrong = Vec::new();
    for (case, expected) in &cases {
        silent.0.lock().clear();
        let answers = fixture.steps(json!([case])).await;
        let asked: Vec<String> = silent.0.lock().iter().cloned().collect();
        let is_right = match (kind(&answers[0]), expected) {
            ("invalid-url", Expected::Invalid) | ("denied", Expected::Denied) => asked.is_empty(),
            ("invalid-url" | "denied", _) => false,
            // an address is dialled as it is, and whether anybody listens there is not of this test
            (_, Expected::Dialled(host)) => match host.parse::<IpAddr>() {
                Ok(_) => asked.is_empty(),
                Err(_) => host.starts_with('[') && asked.is_empty() || asked == [host.as_str()],
            },
            _ => false,
        };
        if !is_right {
            wrong.push(format!("{case}: expected {expected:?}, got {} after asking for {asked:?}", answers[0]));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(fixture.is_quiet());
}
