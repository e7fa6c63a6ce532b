//! In whose name a command runs.
//!
//! Owns where that is found. A worker's program acts as the worker, whatever else it says.

use super::error::CliError;
use crate::Author;
use std::path::Path;
use std::process::{Command, Stdio};

/// Who runs this: the worker, where it is a worker's program; else who `YOI_AUTHOR` says, git's
/// `user.name`, or the user of the system.
///
/// # Errors
/// When nobody is found, or the name cannot be one.
pub fn who(variable: impl Fn(&str) -> Option<String>, workspace: &Path) -> Result<Author, CliError> {
    let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    let name = set("YOI_WORKER_ID")
        .map(|worker| format!("worker:{worker}"))
        .or_else(|| set("YOI_AUTHOR"))
        .or_else(|| git(workspace))
        .or_else(|| set("USER"))
        .or_else(|| set("LOGNAME"));
    let hint = "Set YOI_AUTHOR to your name.";
    let name = name.ok_or_else(|| CliError::usage("it is not known who you are", hint))?;
    Author::new(&name).map_err(|error| CliError::usage(error.to_string(), hint))
}

fn git(workspace: &Path) -> Option<String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(workspace).args(["config", "user.name"]).stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_itself_and_people_are_who_they_say() {
        let nowhere = Path::new("/nonexistent");
        let with = |pairs: &'static [(&str, &str)]| {
            who(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()), nowhere)
        };
        assert_eq!(with(&[("YOI_WORKER_ID", "w_1"), ("YOI_AUTHOR", "boss")]).unwrap().as_str(), "worker:w_1");
        assert_eq!(with(&[("YOI_AUTHOR", " hare "), ("USER", "root")]).unwrap().as_str(), "hare");
        assert_eq!(with(&[("YOI_AUTHOR", ""), ("USER", "root")]).unwrap().as_str(), "root");
        assert_eq!(with(&[]).unwrap_err().exit_status(), 2);
        assert_eq!(with(&[("YOI_AUTHOR", "a\nb")]).unwrap_err().exit_status(), 2);
    }
}
