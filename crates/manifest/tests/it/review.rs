//! What a reviewer reads.

use crate::support::{asked_as_granted, manifest_of, package, plugin};
use manifest::{Capability, Grants, Manifest, Review};

const ASKED: &str = r#"
[[plugins.corpus.grants.request]]
id = "api"
schemes = ["https"]
hosts = ["api.example.org", "bücher.example"]
methods = ["GET", "POST"]
path_prefixes = ["/v1"]
reason = "Looks up who wrote a message, and posts answers where the conversation began."

[[plugins.corpus.grants.request]]
id = "pages"
schemes = ["https", "http"]
hosts = ["*.github.io", "pаypal.example"]
ports = "*"
methods = ["GET"]

[[plugins.corpus.grants.request]]
id = "model"
schemes = ["http"]
hosts = ["localhost"]
ports = [11434]
methods = ["POST"]
path_prefixes = ["/api/generate"]
address = "loopback"

[[plugins.corpus.grants.websocket]]
id = "gateway"
schemes = ["wss"]
hosts = ["*.gateway.example.org"]
path_prefixes = ["/ws"]
subprotocols = ["chat.v2"]

[[plugins.corpus.grants.websocket]]
id = "printer"
schemes = ["ws"]
hosts = ["192.168.1.20"]
address = "private"
"#;

const GRANTED: &str = r#"
[plugins.corpus]
enabled = true
digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

[[plugins.corpus.grants.request]]
id = "api"
schemes = ["https"]
hosts = ["api.example.org"]
methods = ["GET"]
path_prefixes = ["/v1"]
headers = { authorization = { env = "API_TOKEN", prefix = "Bearer " } }

[[plugins.corpus.grants.request]]
id = "old"
schemes = ["https"]
hosts = ["old.example.org"]
methods = ["GET"]
"#;

fn review() -> Review {
    let manifest = manifest_of(&asked_as_granted(ASKED));
    let grants = Grants::parse(GRANTED).unwrap();
    Review::new(&manifest, &package(), grants.plugin("corpus"))
}

#[test]
fn a_review_says_all_that_there_is_to_grant() {
    insta::assert_snapshot!(review().to_text());
}

#[test]
fn a_review_of_what_is_granted_is_short() {
    let one = "[[plugins.corpus.grants.websocket]]\nid = \"gateway\"\nschemes = [\"wss\"]\nhosts = [\"gateway.example.org\"]\n\
               path_prefixes = [\"/ws\"]\nreason = \"Receives messages.\"\n";
    let (manifest, enablement) = plugin(one, one);
    let review = Review::new(&manifest, &package(), enablement.grant());
    assert!(review.is_complete() && !review.is_broad());
    insta::assert_snapshot!(review.to_text());
}

#[test]
fn a_review_as_json_has_its_parts_apart() {
    let json: serde_json::Value = serde_json::from_str(&review().to_json().unwrap()).unwrap();
    assert_eq!(json["standing"], "suspended");
    assert_eq!(json["capabilities"][0]["capability"], "request");
    assert_eq!(json["capabilities"][1]["private"][0]["kind"], "private");
    assert_eq!(json["capabilities"][0]["unrequested"][0]["target"], "old");
    insta::assert_json_snapshot!(json["capabilities"][0]["requested"][0]);
}

#[test]
fn no_line_is_wider_than_a_terminal_and_no_page_longer_than_a_person_reads() {
    let mut targets = String::new();
    for number in 0..64 {
        let hosts: Vec<String> = (0..32).map(|host| format!("\"h{host}.{}.example.org\"", "x".repeat(50))).collect();
        targets.push_str(&format!(
            "[[plugins.corpus.grants.request]]\nid = \"t{number}\"\nschemes = [\"https\", \"http\"]\nhosts = [{}]\n\
             methods = [\"GET\", \"POST\"]\nreason = \"{}\"\n",
            hosts.join(", "),
            "y".repeat(200),
        ));
    }
    let manifest: Manifest = manifest_of(&asked_as_granted(&targets));
    let text = Review::new(&manifest, &package(), None).to_text();
    assert!(text.lines().all(|line| line.chars().count() <= 80));
    assert!(text.lines().count() < 700, "{}", text.lines().count());
    assert!(manifest.targets(Capability::Request).len() == 64);
}
