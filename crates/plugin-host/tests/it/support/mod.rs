//! A host with the guest that does whatever it is told, and servers on this machine.
//!
//! Owns what the tests share. Must not assert what a test is about.

pub mod server;

use manifest::{Digest, Grants};
use plugin_host::{
    Emitted, Gauges, Host, Options, Output, Package, Plan, Restart, State, Status, SystemRoots, ToolCall, ToolError,
};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// The longest that anything in these tests may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it took too long")
}

/// The component of a guest that `scripts/build-guests` makes.
pub fn guest(name: &str) -> Vec<u8> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = BUILT.get_or_init(|| {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let folder = target.join("guests");
        if !folder.join("probe.wasm").exists() {
            let built = Command::new(root.join("scripts/build-guests")).status().expect("scripts/build-guests");
            assert!(built.success(), "scripts/build-guests failed");
        }
        folder
    });
    std::fs::read(folder.join(format!("{name}.wasm"))).expect("scripts/build-guests has built it")
}

/// A target of a plugin's manifest and of its grant.
#[derive(Clone, Debug)]
pub struct Target {
    kind: &'static str,
    id: &'static str,
    lines: Vec<(&'static str, String)>,
    grant_only: Vec<String>,
}

/// What `[[host_api.request.targets]]` holds.
pub fn request(id: &'static str, port: u16) -> Target {
    let lines = vec![("schemes", r#"["http"]"#.into()), ("methods", r#"["GET", "POST", "PUT"]"#.into())];
    Target { kind: "request", id, lines, grant_only: vec![] }.at("127.0.0.1", port)
}

/// What `[[host_api.websocket.targets]]` holds.
pub fn websocket(id: &'static str, port: u16) -> Target {
    let lines = vec![("schemes", r#"["ws"]"#.into())];
    Target { kind: "websocket", id, lines, grant_only: vec![] }.at("127.0.0.1", port)
}

impl Target {
    fn at(self, host: &str, port: u16) -> Target {
        let target = self.with("hosts", format!(r#"["{host}"]"#)).with("ports", format!("[{port}]"));
        target.with("address", r#""loopback""#)
    }

    /// With a line in place of the one of this key. An empty value takes it out.
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Target {
        self.lines.retain(|(other, _)| *other != key);
        self.lines.push((key, value.into()));
        self
    }

    /// With a line that only the grant has.
    pub fn granted_with(mut self, line: &str) -> Target {
        self.grant_only.push(line.to_owned());
        self
    }

    fn lines(&self) -> String {
        let lines = self.lines.iter().filter(|(_, value)| !value.is_empty());
        let lines: Vec<String> = lines.map(|(key, value)| format!("{key} = {value}")).collect();
        format!("id = \"{}\"\nreason = \"a test\"\n{}\n", self.id, lines.join("\n"))
    }
}

/// A plugin as a test wants it.
#[derive(Clone, Debug)]
pub struct Plugin {
    pub id: &'static str,
    pub component: Vec<u8>,
    pub asked: Vec<Target>,
    pub limits: String,
    pub version: &'static str,
}

impl Plugin {
    pub fn probe() -> Plugin {
        // the probe imports both capabilities: a target of each that nothing in a test listens on
        let far = |target: Target| target.with("hosts", r#"["127.0.0.9"]"#);
        let asked = vec![far(request("links", 1)), far(websocket("links", 1))];
        Plugin { id: "probe", component: guest("probe"), asked, limits: String::new(), version: "0.1.0" }
    }

    pub fn asks(mut self, target: Target) -> Plugin {
        self.asked.push(target);
        self
    }

    pub fn limit(mut self, name: &str, value: u64) -> Plugin {
        self.limits.push_str(&format!("{name} = {value}\n"));
        self
    }

    pub fn package(&self) -> Package {
        let Plugin { id, component, asked, limits, version } = self;
        let targets: Vec<String> =
            asked.iter().map(|target| format!("[[host_api.{}.targets]]\n{}", target.kind, target.lines())).collect();
        let text = format!(
            "[plugin]\nid = \"{id}\"\nversion = \"{version}\"\nname = \"A probe\"\ndescription = \"For tests.\"\n\
             api = \"yoi:plugin@0.1\"\n[component]\npath = \"plugin.wasm\"\nsha256 = \"{}\"\n{}\n[limits]\n{limits}",
            Digest::of(component),
            targets.join("\n")
        );
        Package::new(text.as_bytes(), component.clone()).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }
}

/// The text of `plugins.toml`.
pub fn grants(id: &str, digest: Digest, targets: &[Target]) -> String {
    let targets: Vec<String> = targets
        .iter()
        .map(|target| {
            format!("[[plugins.{id}.grants.{}]]\n{}{}\n", target.kind, target.lines(), target.grant_only.join("\n"))
        })
        .collect();
    format!("[plugins.{id}]\nenabled = true\ndigest = \"{digest}\"\n{}", targets.join("\n"))
}

pub fn parse(grants: &str) -> Arc<Grants> {
    Arc::new(Grants::parse(grants).unwrap_or_else(|error| panic!("{error}\n{grants}")))
}

/// A host with one plugin.
pub struct Fixture {
    pub host: Host,
    pub plugin: Plugin,
    pub config: Arc<str>,
    pub emitted: mpsc::Receiver<Output>,
}

/// Options that reach nothing but this machine.
pub fn options() -> (Options, mpsc::Receiver<Output>) {
    let (sink, emitted) = mpsc::channel(256);
    let mut options = Options::new("/nonexistent", Arc::new(sink));
    options.trust.system = SystemRoots::Ignored;
    options.instances = 16;
    options.restart =
        Restart { first: Duration::from_millis(20), longest: Duration::from_millis(100), ..Restart::default() };
    (options, emitted)
}

impl Fixture {
    /// A host with this plugin, which is granted what it asks for.
    pub async fn granted(plugin: Plugin) -> Fixture {
        let targets = plugin.asked.clone();
        Fixture::with(plugin, &targets, "{}", |_| {}).await
    }

    pub async fn with(plugin: Plugin, targets: &[Target], config: &str, change: impl FnOnce(&mut Options)) -> Fixture {
        let (mut options, emitted) = options();
        change(&mut options);
        let host = Host::start(options).expect("a host");
        let fixture = Fixture { host, plugin, config: config.into(), emitted };
        fixture.grant(targets).await;
        fixture
    }

    /// Grants these and nothing else.
    pub async fn grant(&self, targets: &[Target]) {
        let text = grants(self.plugin.id, self.plugin.package().digest(), targets);
        self.apply(Some(parse(&text))).await;
    }

    pub async fn apply(&self, grants: Option<Arc<Grants>>) {
        let configs = [(self.plugin.id.to_owned(), self.config.clone())].into();
        soon(self.host.apply(Plan { packages: vec![self.plugin.package()], grants, configs })).await;
    }

    pub fn status(&self) -> Status {
        self.host.statuses().pop().expect("a plugin")
    }

    /// Whether it may run, and nothing has gone wrong.
    pub fn is_up(&self) -> bool {
        let is_good = matches!(self.status().state, State::Starting | State::Running | State::Stopped);
        is_good && self.status().last_error.is_none() && !self.host.tools().is_empty()
    }

    pub fn gauges(&self) -> Gauges {
        self.host.gauges()
    }

    /// Has the probe carry out steps, and gives what each came to.
    pub async fn steps(&self, steps: Value) -> Vec<Value> {
        let answer = self.try_steps(steps).await.expect("an answer");
        serde_json::from_str(&answer).expect("JSON")
    }

    pub async fn try_steps(&self, steps: Value) -> Result<String, ToolError> {
        soon(self.host.call(call(steps))).await
    }

    /// Waits until the plugin is in a state.
    pub async fn until(&self, state: State) {
        self.until_that(&format!("{state:?}"), |fixture| fixture.status().state == state).await;
    }

    pub async fn until_that(&self, what: &str, is: impl Fn(&Fixture) -> bool) {
        let began = Instant::now();
        while !is(self) {
            assert!(began.elapsed() < PATIENCE, "not {what}: {:?} {:?}", self.status(), self.gauges());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits for a notice with this code.
    pub async fn notice(&mut self, code: &str) {
        loop {
            let output = soon(self.emitted.recv()).await.expect("outputs");
            if matches!(&output.emitted, Emitted::Notice { code: found, .. } if found == code) {
                return;
            }
        }
    }

    /// Nothing is alive.
    pub fn is_quiet(&self) -> bool {
        let gauges = self.gauges();
        (gauges.open_sockets(), gauges.tasks(), gauges.instances()) == (0, 0, 0)
    }
}

pub fn call(steps: Value) -> ToolCall {
    let arguments = json!({ "steps": steps }).to_string();
    ToolCall { plugin: "probe".into(), tool: "do".into(), arguments, caller: None }
}

/// The kind of the error that a step came to.
pub fn kind(answer: &Value) -> &str {
    answer.pointer("/error/kind").and_then(Value::as_str).unwrap_or("none")
}

/// The text of it.
pub fn text(answer: &Value) -> &str {
    answer.pointer("/error/text").and_then(Value::as_str).unwrap_or("none")
}
