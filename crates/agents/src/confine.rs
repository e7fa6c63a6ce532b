//! Starting programs that cannot leave a folder.
//!
//! Owns the sandbox (Landlock, on Linux): a program reads the system's own folders, reads and
//! writes the working folder and a temporary one of its own, signals and traces nobody outside,
//! and so do all it starts. Must not decide whether a program is started. The network is not
//! confined.

#[cfg(target_os = "linux")]
use rustix::thread::{CapabilitySet, CapabilitySets};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio::process::Child;
use tokio::sync::oneshot;

/// What a program may reach beside its working folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sandbox {
    /// The system's own folders, and these.
    On {
        /// Folders and files that are read, too.
        read: Vec<PathBuf>,
        /// Folders and files that are read and written, too.
        write: Vec<PathBuf>,
    },
    /// Whatever the runtime's user may.
    Off,
}

impl Default for Sandbox {
    fn default() -> Sandbox {
        Sandbox::On { read: Vec::new(), write: Vec::new() }
    }
}

/// What a program needs of the system to run at all. Where it is, it is read.
#[cfg(target_os = "linux")]
const SYSTEM: &[&str] = &[
    "/bin",
    "/sbin",
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/opt",
    "/nix",
    "/proc",
    "/sys",
    "/dev",
    "/run/systemd/resolve",
    "/run/current-system",
];

/// Devices that are written to.
#[cfg(target_os = "linux")]
const DEVICES: &[&str] =
    &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/shm"];

/// Starts a program as the leader of a process group of its own, confined to `folders`. It is
/// killed when it is dropped; what it has started is its group's owner's to end.
///
/// # Errors
/// When it cannot be started, or this system cannot confine it: then it is not started.
pub(crate) async fn spawn(mut command: Command, sandbox: &Sandbox, folders: &[&Path]) -> io::Result<Child> {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
    let sandbox = sandbox.clone();
    let folders: Vec<PathBuf> = folders.iter().map(|folder| (*folder).to_owned()).collect();
    let tokio = tokio::runtime::Handle::current();
    let (told, started) = oneshot::channel();
    // a thread of its own: it is confined for the rest of its life, and hands that on
    std::thread::Builder::new().name("yoi-confined".to_owned()).spawn(move || {
        let _tokio = tokio.enter();
        let child = restrict(&sandbox, &folders)
            .and_then(|()| tokio::process::Command::from(command).kill_on_drop(true).spawn());
        let _ = told.send(child);
    })?;
    started.await.map_err(|_| io::Error::other("the thread that starts it is gone"))?
}

/// Confines this thread, for ever.
#[cfg(target_os = "linux")]
fn restrict(sandbox: &Sandbox, folders: &[PathBuf]) -> io::Result<()> {
    use landlock::{
        ABI, Access, AccessFs, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope, path_beneath_rules,
    };
    let Sandbox::On { read, write } = sandbox else { return Ok(()) };
    let abi = ABI::V6;
    let (reading, all) = (AccessFs::from_read(abi), AccessFs::from_all(abi));
    let restricted = (|| {
        Ruleset::default()
            .handle_access(all)?
            .scope(Scope::from_all(abi))?
            .create()?
            .add_rules(path_beneath_rules(SYSTEM, reading))?
            .add_rules(path_beneath_rules(read, reading))?
            .add_rules(path_beneath_rules(DEVICES, all))?
            .add_rules(path_beneath_rules(write, all))?
            .add_rules(path_beneath_rules(folders, all))?
            .restrict_self()
    })()
    .map_err(|error: landlock::RulesetError| io::Error::other(error.to_string()))?;
    if restricted.ruleset == RulesetStatus::NotEnforced {
        return Err(io::Error::new(io::ErrorKind::Unsupported, UNSUPPORTED));
    }
    let capabilities = rustix::thread::capabilities(None)?;
    let kept = |set: CapabilitySet| set.difference(ESCAPES);
    // a program that is started does not gain them again: restricting itself, this thread gave that up
    Ok(rustix::thread::set_capabilities(
        None,
        CapabilitySets {
            effective: kept(capabilities.effective),
            permitted: kept(capabilities.permitted),
            inheritable: kept(capabilities.inheritable),
        },
    )?)
}

/// What leads past the sandbox where a runtime is run as root: looking into other processes (since
/// Linux 6.13 also with `PERFMON`), files by their handles and devices that are made, and the kernel itself.
#[cfg(target_os = "linux")]
const ESCAPES: CapabilitySet = CapabilitySet::SYS_PTRACE
    .union(CapabilitySet::PERFMON)
    .union(CapabilitySet::BPF)
    .union(CapabilitySet::CHECKPOINT_RESTORE)
    .union(CapabilitySet::DAC_READ_SEARCH)
    .union(CapabilitySet::MKNOD)
    .union(CapabilitySet::SYS_ADMIN)
    .union(CapabilitySet::SYS_BOOT)
    .union(CapabilitySet::SYS_MODULE)
    .union(CapabilitySet::SYS_RAWIO);

#[cfg(not(target_os = "linux"))]
fn restrict(sandbox: &Sandbox, _: &[PathBuf]) -> io::Result<()> {
    match sandbox {
        Sandbox::Off => Ok(()),
        Sandbox::On { .. } => Err(io::Error::new(io::ErrorKind::Unsupported, UNSUPPORTED)),
    }
}

const UNSUPPORTED: &str = "this system cannot confine programs (Landlock, Linux 5.13 or newer): set `sandbox = \"off\"` to run them all the same";

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::process::Stdio;

    async fn run(script: &str, sandbox: &Sandbox, folder: &Path) -> (bool, String) {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).current_dir(folder).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = spawn(command, sandbox, &[folder]).await.unwrap();
        let output = child.wait_with_output().await.unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    #[tokio::test]
    async fn a_program_stays_in_its_folder_and_so_do_its_children() {
        let around = tempfile::tempdir().unwrap();
        let (work, other) = (around.path().join("work"), around.path().join("other"));
        for folder in [&work, &other] {
            std::fs::create_dir(folder).unwrap();
        }
        std::fs::write(other.join("secret"), "canary").unwrap();
        let sandbox = Sandbox::default();
        assert_eq!(run("echo hi > a && cat a", &sandbox, &work).await, (true, "hi\n".to_owned()));
        for script in ["cat ../other/secret", "echo x > ../other/new", "sh -c 'cat ../other/secret'", "ls ../other"] {
            let (ok, said) = run(script, &sandbox, &work).await;
            assert!(!ok && said.contains("ermission denied") && !said.contains("canary"), "{script}: {said}");
        }
        // neither the process that started it, nor its environment, can be reached
        let me = std::process::id();
        let (ok, said) = run(&format!("kill -0 {me} || cat /proc/{me}/environ"), &sandbox, &work).await;
        assert!(!ok && said.contains("ermission denied"), "{said}");
        let wider = Sandbox::On { read: vec![other.clone()], write: Vec::new() };
        assert_eq!(run("cat ../other/secret", &wider, &work).await, (true, "canary".to_owned()));
        assert!(!run("echo x > ../other/new", &wider, &work).await.0);
        assert_eq!(run("cat ../other/secret", &Sandbox::Off, &work).await, (true, "canary".to_owned()));
        // only what was started is confined
        assert_eq!(std::fs::read_to_string(other.join("secret")).unwrap(), "canary");
    }
}
