//! A workspace of its own.
//!
//! Owns its packages and what is granted. A component here has imports and exports, and no code.

use crate::process::{said, yoi};
use manifest::Digest;
use std::path::{Path, PathBuf};
use std::process::Command;

pub const API: &str = r#"
[[host_api.request.targets]]
id = "api"
schemes = ["https"]
hosts = ["api.example.org"]
methods = ["GET", "POST"]
path_prefixes = ["/v1"]
reason = "Looks up who wrote a message."
"#;

pub const GATEWAY: &str = r#"
[[host_api.websocket.targets]]
id = "gateway"
schemes = ["wss"]
hosts = ["gateway.example.org"]
path_prefixes = ["/connect"]
subprotocols = ["chat.v2"]
reason = "Receives messages as they are written."
"#;

pub const BROAD: &str = r#"
[[host_api.request.targets]]
id = "anywhere"
schemes = ["https", "http"]
hosts = ["*", "*.github.io", "bücher.example"]
ports = "*"
methods = ["GET"]
reason = "Fetches what somebody links to."
"#;

pub const NEAR: &str = r#"
[[host_api.request.targets]]
id = "model"
schemes = ["http"]
hosts = ["localhost"]
ports = [11434]
methods = ["POST"]
path_prefixes = ["/api/generate"]
address = "loopback"
reason = "Asks the model of this machine."

[[host_api.websocket.targets]]
id = "printer"
schemes = ["ws"]
hosts = ["192.168.1.20"]
path_prefixes = ["/jobs"]
address = "private"
reason = "Watches the printer."
"#;

/// A workspace in a folder of its own.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn grants(&self) -> PathBuf {
        self.path().join(".yoi/plugins.toml")
    }

    /// Writes a package into the workspace.
    pub fn package(&self, id: &str, targets: &str) -> PathBuf {
        let folder = self.path().join(".yoi/plugins").join(id);
        write_package(&folder, id, targets);
        folder
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// `yoi plugin …` in the workspace.
    pub fn yoi(&self, args: &[&str]) -> Command {
        let mut command = yoi(&["plugin"]);
        command.args(args).current_dir(self.path());
        command
    }

    /// Exit status, stdout, stderr; digests as `sha256:…`.
    pub fn said(&self, args: &[&str]) -> (Option<i32>, String, String) {
        let (status, stdout, stderr) = said(&mut self.yoi(args));
        (status, plain(&stdout), plain(&stderr))
    }

    /// All three in one text, for snapshots.
    pub fn page(&self, args: &[&str]) -> String {
        let (status, stdout, stderr) = self.said(args);
        format!("$ yoi plugin {}\n{stdout}---- stderr\n{stderr}---- status {}", args.join(" "), status.unwrap())
    }

    /// What a command that must succeed writes to stdout.
    pub fn good(&self, args: &[&str]) -> String {
        let (status, stdout, stderr) = self.said(args);
        assert_eq!(status, Some(0), "{args:?}\n{stdout}\n{stderr}");
        stdout
    }

    /// stdout as JSON, whatever the exit status.
    pub fn json(&self, args: &[&str]) -> (Option<i32>, serde_json::Value) {
        let (status, stdout, stderr) = said(self.yoi(args).arg("--json"));
        let json = serde_json::from_str(&stdout);
        (status, json.unwrap_or_else(|error| panic!("{args:?}: {error}\n{stdout}\n{stderr}")))
    }
}

/// Digests depend on nothing that a reader looks for.
pub fn plain(text: &str) -> String {
    let mut parts = text.split("sha256:");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_hexdigit());
        plain.push_str("sha256:…");
        plain.push_str(rest);
    }
    plain
}

pub fn write_package(folder: &Path, id: &str, targets: &str) {
    let component = component(targets);
    let text = format!(
        "[plugin]\nid = \"{id}\"\nversion = \"1.0.0\"\nname = \"For tests\"\ndescription = \"Does nothing at all.\"\n\
         api = \"yoi:plugin@0.1\"\n\n[component]\npath = \"plugin.wasm\"\nsha256 = \"{}\"\n{targets}",
        Digest::of(&component)
    );
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("plugin.wasm"), component).unwrap();
    std::fs::write(folder.join("plugin.toml"), text).unwrap();
}

/// A component that imports what the targets are for, and offers tools.
fn component(targets: &str) -> Vec<u8> {
    let mut text = "(component (import \"yoi:plugin/log@0.1.0\" (instance))".to_owned();
    for capability in ["request", "websocket"] {
        if targets.contains(&format!("host_api.{capability}.")) {
            text.push_str(&format!("(import \"yoi:plugin/{capability}@0.1.0\" (instance))"));
        }
    }
    text.push_str("(instance $none) (export \"yoi:plugin/tools@0.1.0\" (instance $none)))");
    wat::parse_str(text).unwrap()
}
