//! A runtime in another program.
//!
//! Owns the way from that program's flags to what a runtime is started with. Must not serve
//! it.

use super::args::EmbeddedArgs;
use super::build::{self, OpenError};
use super::plugins::Plugins;
use super::resolve::resolve_embedded;
use super::settings::Settings;
use crate::{Runtime, RuntimeOptions};
use protocol::RuntimeId;
use std::path::Path;
use yoi_settings::{Environment, Problems, Report, Resolved};

/// The settings of a runtime in another program.
#[derive(Debug)]
pub struct Embedded(Resolved<Settings>);

/// Resolves the settings of a runtime in another program: those of `runtime.toml` about the
/// runtime, its workers, its profiles and its store. `folder` is where the default file is looked
/// for.
///
/// # Errors
/// With everything that is wrong with them.
pub fn embedded(args: &EmbeddedArgs, environment: Environment<'_>, folder: &Path) -> Result<Embedded, Problems> {
    resolve_embedded(args, environment, folder).map(Embedded)
}

impl Embedded {
    /// The runtime's identity.
    #[must_use]
    pub fn runtime_id(&self) -> Option<&RuntimeId> {
        self.0.settings.runtime_id.as_ref()
    }

    /// Where each setting comes from.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    /// What the operator should know.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.0.warnings
    }

    /// What the runtime is started with: its recordings looked at, its store opened.
    ///
    /// # Errors
    /// When a recording or the store cannot be opened.
    pub async fn open(self) -> Result<RuntimeOptions, OpenError> {
        let (options, _) = build::runtime(self.0.settings).await?;
        Ok(options)
    }

    /// The runtime, started, and its plugins beside it. They are ended first.
    ///
    /// # Errors
    /// When a recording or the store cannot be opened, or the runtime does not start.
    pub async fn start(self) -> Result<(Runtime, Plugins), OpenError> {
        let (options, plugins) = build::runtime(self.0.settings).await?;
        let runtime = Runtime::start(options).await.map_err(|error| OpenError::Start(error.to_string()))?;
        plugins.start(&runtime);
        Ok((runtime, plugins))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Args;

    fn folder(toml: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".yoi")).unwrap();
        std::fs::write(folder.path().join(".yoi/runtime.toml"), toml).unwrap();
        folder
    }

    #[tokio::test]
    async fn a_runtime_starts_from_the_same_file_without_its_server() {
        let folder = folder(
            "runtime_id = 'inner'\nlisten = '0.0.0.0:1'\ntoken = { env = 'NOBODY' }\nstore = 'data'\nmax_workers = 7\n\
             default_profile = 'mine'\n[profiles.mine]\nexecutor = 'echo'\n",
        );
        let environment = |name: &str| (name == "YOI_MAX_WORKERS").then(|| "8".to_owned());
        let args = EmbeddedArgs::default().with("retention_size", "1MiB").with("listen", "0.0.0.0:2");
        let embedded = embedded(&args, &environment, folder.path()).unwrap();
        assert_eq!(embedded.runtime_id().map(RuntimeId::as_str), Some("inner"));
        let told: Vec<_> = embedded.warnings().iter().map(|w| w.rsplit(".toml:").next().unwrap()).collect();
        let words = "has no effect here: the embedded runtime";
        assert_eq!(told, [format!("2:1: `listen` {words}"), format!("3:1: `token` {words}")]);
        assert!(embedded.report().origins.iter().all(|origin| !["listen", "token"].contains(&origin.key)));
        let options = embedded.open().await.unwrap();
        assert_eq!((options.max_workers, options.default_profile.as_str()), (8, "mine"));
        assert!(folder.path().join("data").is_dir());
        let runtime = Runtime::start(options).await.unwrap();
        let _ = runtime.management().shutdown(std::time::Duration::from_secs(5)).await;
    }

    #[tokio::test]
    async fn what_cannot_be_opened_is_told() {
        let recording = folder("store = 'memory'\n[profiles.a]\nexecutor = 'replay'\nfile = 'nowhere'\n");
        let opened = embedded(&EmbeddedArgs::default(), &|_| None, recording.path()).unwrap().open().await;
        assert!(matches!(opened, Err(OpenError::Settings(problems)) if problems.lines()[0].contains("profile `a`")));
        let store = folder("store = 'file'\n");
        std::fs::write(store.path().join("file"), "").unwrap();
        let opened = embedded(&EmbeddedArgs::default(), &|_| None, store.path()).unwrap().open().await;
        assert!(matches!(opened, Err(OpenError::Store { what, .. }) if what.ends_with("/file")));
        let problems =
            embedded(&EmbeddedArgs::default().with("default_profile", "x"), &|_| None, Path::new("/nowhere"));
        assert_eq!(
            problems.unwrap_err().to_string(),
            "--default-profile: `default_profile` x is none of the profiles: echo, demo"
        );
    }

    #[test]
    fn its_flags() {
        let command = EmbeddedArgs::augment_args(clap::Command::new("yoi")).term_width(100);
        insta::assert_snapshot!("embedded_help", command.clone().render_help());
    }
}
