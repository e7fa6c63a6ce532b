//! A workspace of two runtimes: `yoi serve` with one in it, and one as a process of its own.
//!
//! Owns both processes, their folders, and that the second comes back where it was.

use crate::leaks_backend::guard::{Guard, Hidden};
use crate::process::{said, yoi};
use crate::profiles;
use crate::serving::{Home, Serving, wait_until_free};
use std::process::Command;

/// The two.
pub struct Workspace {
    // dropped first: it looks into the folders
    guard: Guard,
    home: Home,
    far_home: Home,
    far: Option<Serving>,
    _server: Serving,
}

impl Workspace {
    /// Starts both.
    pub fn start() -> Workspace {
        let far_home = Home::new(&format!("runtime_id = \"far\"\n{}", profiles::stream(0)));
        let far = far_home.serve(&[]);
        let home = Home::new("runtime_id = \"near\"\n");
        let config = format!("listen = \"127.0.0.1:0\"\n[[runtimes]]\nid = \"far\"\nurl = \"{}\"\n", far.url());
        std::fs::write(home.path().join("workspace.toml"), config).unwrap();
        let mut serve = yoi(&["serve", "--config", "workspace.toml", "--runtime-config", "runtime.toml"]);
        serve.args(["--store", "memory", "--audit", "off"]).current_dir(home.path());
        let server = Serving::start(&mut serve);
        let hidden =
            Hidden { addresses: vec![far.address], stores: vec![far_home.store(), home.store()], ..Hidden::default() };
        let guard = Guard::before(server.address, hidden);
        Workspace { guard, home, far_home, far: Some(far), _server: server }
    }

    /// Its URL, as clients know it.
    pub fn url(&self) -> String {
        format!("http://{}", self.guard.address())
    }

    /// `yoi` with these arguments, as somebody with an empty home.
    pub fn yoi(&self, args: &[&str]) -> Command {
        let mut command = yoi(args);
        command.env("YOI_URL", self.url());
        command.env("HOME", self.home.path()).current_dir(self.home.path());
        command
    }

    /// A new worker, as the workspace names it.
    pub fn create(&self, runtime: &str, profile: &str, name: &str) -> String {
        let args = ["worker", "create", "--runtime", runtime, "--profile", profile, "--name", name];
        let (status, stdout, stderr) = said(&mut self.yoi(&args));
        assert_eq!(status, Some(0), "{stderr}");
        format!("{runtime}/{}", stdout.trim())
    }

    /// Kills the runtime that is a process of its own, as `kill -9` does.
    pub fn kill_far(&mut self) {
        self.far.as_mut().unwrap().kill();
    }

    /// Starts it again, where it was.
    pub fn restart_far(&mut self) {
        let address = self.far.take().unwrap().address;
        wait_until_free(address);
        self.far = Some(Serving::start(&mut self.far_home.command(&address.to_string(), &[])));
    }
}
