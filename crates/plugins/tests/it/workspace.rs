//! A workspace with a plugin that does as it is told, and a runtime in this process.
//!
//! Owns the files, and looking at streams. Must not assert what a test is about.

use protocol::api::{CreateWorker, SendInput};
use protocol::{AnyEvent, EventKind, Part, State, Status, WorkerId};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use worker_runtime::Runtime;
use worker_runtime::cli::{EmbeddedArgs, Plugins, embedded};

/// The longest that anything in these tests may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A program that writes down every line it reads, calls a tool once per input, and ends the run when that has answered.
const AGENT: &str = r#"
while read -r line; do
  printf '%s\n' "$line" >> seen.log
  case $line in
    *'"type":"input"'*) echo '{"type":"call_tool","call_id":"c1","tool":"probe.do","arguments":{"steps":[{"do":"clock"}]}}';;
    *'"type":"tool_result"'*) echo '{"type":"run_finished","outcome":"completed"}';;
  esac
done"#;

/// A folder with a workspace in it.
pub struct Workspace {
    folder: tempfile::TempDir,
}

/// A runtime and the plugins beside it.
pub struct Running {
    pub runtime: Runtime,
    pub plugins: Plugins,
}

/// The component of the guest that does as it is told.
fn probe() -> Vec<u8> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = BUILT.get_or_init(|| {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let file = target.join("guests/probe.wasm");
        if !file.exists() {
            let built = Command::new(root.join("scripts/build-guests")).status().expect("scripts/build-guests");
            assert!(built.success(), "scripts/build-guests failed");
        }
        file
    });
    std::fs::read(file).expect("scripts/build-guests has built it")
}

/// A target on this machine, as manifest and grants write it.
pub fn target(kind: &str, id: &str, port: u16) -> String {
    let (schemes, methods) = match kind {
        "request" => ("http", "methods = [\"GET\"]\n"),
        _ => ("ws", ""),
    };
    format!(
        "id = \"{id}\"\nreason = \"a test\"\nschemes = [\"{schemes}\"]\n{methods}hosts = [\"127.0.0.1\"]\nports = [{port}]\naddress = \"loopback\"\n"
    )
}

impl Workspace {
    pub fn new() -> Workspace {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".yoi")).unwrap();
        let profile = format!(
            "store = \".yoi/runtime\"\nplugins = \".yoi/plugins\"\nplugin_grants = \".yoi/plugins.toml\"\nplugin_data = \".yoi/plugin-data\"\n\
             default_profile = \"agent\"\n[profiles.agent]\nexecutor = \"process\"\nmode = \"json-lines\"\nlifetime = \"kept\"\n\
             command = [\"sh\", \"-c\", '''{AGENT}''']\n"
        );
        std::fs::write(folder.path().join(".yoi/runtime.toml"), profile).unwrap();
        Workspace { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes the package, which asks for these besides what the probe imports; its digest.
    pub fn package(&self, more: &[(&str, &str, u16)]) -> String {
        let component = probe();
        let asked = [&[("request", "links", 1), ("websocket", "links", 1)], more].concat();
        let targets: Vec<_> = asked
            .iter()
            .map(|(kind, id, port)| format!("[[host_api.{kind}.targets]]\n{}", target(kind, id, *port)))
            .collect();
        let text = format!(
            "[plugin]\nid = \"probe\"\nversion = \"0.1.0\"\nname = \"A probe\"\ndescription = \"For tests.\"\napi = \"yoi:plugin@0.1\"\n\
             [component]\npath = \"plugin.wasm\"\nsha256 = \"{}\"\n{}",
            manifest::Digest::of(&component),
            targets.join("\n")
        );
        let folder = self.path().join(".yoi/plugins/probe");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("plugin.wasm"), &component).unwrap();
        std::fs::write(folder.join("plugin.toml"), &text).unwrap();
        manifest::digest(text.as_bytes(), &component).to_string()
    }

    pub fn config(&self, config: &Value) {
        std::fs::create_dir_all(self.path().join(".yoi/plugins")).unwrap();
        std::fs::write(self.path().join(".yoi/plugins/probe.json"), config.to_string()).unwrap();
    }

    /// Grants these besides what the probe imports, as a person's tool does: in one go.
    pub fn grant(&self, digest: &str, more: &[(&str, &str, u16)]) {
        let granted = [&[("request", "links", 1), ("websocket", "links", 1)], more].concat();
        let targets: Vec<_> = granted
            .iter()
            .map(|(kind, id, port)| format!("[[plugins.probe.grants.{kind}]]\n{}", target(kind, id, *port)))
            .collect();
        let text = format!("[plugins.probe]\nenabled = true\ndigest = \"{digest}\"\n{}", targets.join("\n"));
        std::fs::write(self.path().join(".yoi/new"), text).unwrap();
        std::fs::rename(self.path().join(".yoi/new"), self.path().join(".yoi/plugins.toml")).unwrap();
    }

    pub async fn start(&self) -> Running {
        let settings = embedded(&EmbeddedArgs::default(), &|_| None, self.path()).unwrap();
        let (runtime, plugins) = Box::pin(settings.start()).await.unwrap();
        Running { runtime, plugins }
    }

    /// Every line that the program has read.
    pub fn seen(&self) -> String {
        std::fs::read_to_string(self.path().join("seen.log")).unwrap_or_default()
    }
}

impl Running {
    /// A worker whose program runs in this folder.
    pub async fn worker(&self, folder: &Path) -> WorkerId {
        let workdir = Some(folder.to_str().unwrap().to_owned());
        let request = CreateWorker { workdir, ..CreateWorker::default() };
        self.runtime.catalogue().create(request).await.unwrap().into_detail().worker.worker_id
    }

    pub async fn input(&self, id: WorkerId) {
        let input = SendInput { content: vec![Part::text("go")], idempotency_key: None };
        self.runtime.interaction().input(id, input).await.unwrap();
        self.until(id, "the run is over", |state| state.status == Status::Idle && state.run.is_none()).await;
    }

    /// Waits until the worker is there and its state is as wanted.
    pub async fn until(&self, id: WorkerId, what: &str, wanted: impl Fn(&State) -> bool) {
        let began = Instant::now();
        loop {
            let stream = self.runtime.observation().stream(id).ok();
            if stream.as_ref().is_some_and(|stream| wanted(&stream.state().1)) {
                return;
            }
            let codes = || self.codes(id);
            assert!(began.elapsed() < PATIENCE, "waited until {what}: {:?}", codes());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits for a notice, or an extension, of this code, or namespace.
    pub async fn told(&self, id: WorkerId, code: &str) {
        let began = Instant::now();
        while !self.codes(id).iter().any(|told| told == code) {
            assert!(began.elapsed() < PATIENCE, "waited for {code}: {:?}", self.codes(id));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Codes of notices and namespaces of extensions, in order.
    pub fn codes(&self, id: WorkerId) -> Vec<String> {
        let code = |event: &AnyEvent| match event.kind() {
            Some(EventKind::Notice { code, .. }) => Some(code.clone()),
            Some(EventKind::Extension { namespace, .. }) => Some(namespace.clone()),
            _ => None,
        };
        self.events(id).iter().filter_map(code).collect()
    }

    /// Every event of a stream, as text.
    pub fn text(&self, id: WorkerId) -> String {
        self.events(id).iter().map(|event| serde_json::to_string(event).unwrap() + "\n").collect()
    }

    fn events(&self, id: WorkerId) -> Vec<AnyEvent> {
        let Ok(stream) = self.runtime.observation().stream(id) else { return Vec::new() };
        let after = stream.log().floor().prev();
        match stream.log().read(after, usize::MAX, usize::MAX) {
            event_log::Read::Entries(entries) => {
                let event = |bytes: &[u8]| AnyEvent::from_json(std::str::from_utf8(bytes).unwrap()).unwrap();
                entries.iter().map(|entry| event(&entry.bytes)).collect()
            }
            _ => Vec::new(),
        }
    }

    pub async fn end(self) {
        self.plugins.shutdown(Duration::from_secs(8)).await;
        let report = self.runtime.management().shutdown(Duration::from_secs(10)).await.unwrap();
        assert!(report.is_clean(), "{report:?}");
    }
}
