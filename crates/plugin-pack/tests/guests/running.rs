//! A host with one plugin.
//!
//! Owns starting and ending it, and what it emits. Must not know which plugin it is.

use manifest::Grants;
use plugin_host::{Content, Emitted, Ended, Host, Options, Output, Package, Plan, Status, ToolCall, ToolError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

const SOON: Duration = Duration::from_secs(20);

pub struct Running {
    pub host: Host,
    id: Arc<str>,
    outputs: mpsc::Receiver<Output>,
}

impl Running {
    pub async fn start(package: Package, grants: Arc<Grants>, config: serde_json::Value) -> Running {
        let (sink, outputs) = mpsc::channel(256);
        let options = Options::new(std::env::temp_dir(), Arc::new(sink));
        Running::start_with(options, outputs, package, grants, config).await
    }

    pub async fn start_with(
        options: Options,
        outputs: mpsc::Receiver<Output>,
        package: Package,
        grants: Arc<Grants>,
        config: serde_json::Value,
    ) -> Running {
        let host = Host::start(options).unwrap();
        let id = package.manifest().plugin().id.clone();
        let configs = BTreeMap::from([(id.to_string(), config.to_string().into())]);
        host.apply(Plan { packages: vec![package], grants: Some(grants), configs }).await;
        Running { host, id, outputs }
    }

    pub async fn call(&self, tool: &str, arguments: serde_json::Value) -> Result<String, ToolError> {
        let (plugin, tool) = (self.id.to_string(), tool.to_owned());
        self.host.call(ToolCall { plugin, tool, arguments: arguments.to_string(), caller: None }).await
    }

    /// The next text that it hands over from outside, and where that came from.
    pub async fn ingress(&mut self) -> (String, String) {
        loop {
            if let Emitted::Ingress { source, content: Content::Text(text), .. } = self.output().await {
                return (source, text);
            }
        }
    }

    /// The next notice.
    pub async fn notice(&mut self) -> String {
        loop {
            if let Emitted::Notice { message, .. } = self.output().await {
                return message;
            }
        }
    }

    /// Waits until it says this of itself.
    pub async fn status(&mut self, expected: &str) {
        loop {
            if self.output().await == Emitted::Status(expected.to_owned()) {
                return;
            }
        }
    }

    async fn output(&mut self) -> Emitted {
        match timeout(SOON, self.outputs.recv()).await {
            Ok(Some(output)) => output.emitted,
            _ => panic!("nothing more was emitted: {:?}", self.host.statuses()),
        }
    }

    /// Waits until it does as expected.
    pub async fn until(&self, is_so: impl Fn(&Status) -> bool) -> Status {
        for _ in 0..400 {
            if let Some(status) = self.host.statuses().into_iter().find(&is_so) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it does otherwise: {:?}", self.host.statuses());
    }

    /// Ends the host. Nothing is left of the plugin.
    pub async fn end(self) {
        assert_eq!(self.host.shutdown(SOON).await, Ended::Drained);
        let gauges = self.host.gauges();
        assert_eq!((gauges.open_sockets(), gauges.tasks(), gauges.instances()), (0, 0, 0));
    }
}
