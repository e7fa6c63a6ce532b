//! The process group of a program: it, its children and theirs.
//!
//! Owns the sending of signals to all of them and the question whether any still lives. Must not
//! reap: that is the program's owner's.

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use std::time::Duration;

/// How long to wait before looking again, at first and at most.
const LOOK: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(50));

/// A process group; what is left of it is killed when this is dropped.
#[derive(Debug)]
pub struct Group {
    /// None where nothing is left: the number may name another group by now.
    id: Option<Pid>,
}

impl Group {
    /// The group that the child with this id leads.
    #[must_use]
    pub fn led_by(pid: Option<u32>) -> Self {
        Group { id: pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw) }
    }

    /// Sends a signal to every member.
    pub fn signal(&self, signal: Signal) {
        if let Some(id) = self.id {
            // Fails where nobody is left, which is what a signal is for.
            let _ = kill_process_group(id, signal);
        }
    }

    /// Waits until no member lives. Dropping the future is harmless.
    pub async fn ended(&mut self) {
        let (mut look, most) = LOOK;
        while let Some(id) = self.id {
            if !lives(id).await {
                self.id = None;
                return;
            }
            tokio::time::sleep(look).await;
            look = most.min(look * 2);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

async fn lives(id: Pid) -> bool {
    if test_kill_process_group(id).is_err() {
        return false;
    }
    // Dead members that nobody reaps count above: in a container nobody may.
    tokio::task::spawn_blocking(move || has_living_member(id)).await.unwrap_or(true)
}

#[cfg(target_os = "linux")]
fn has_living_member(id: Pid) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return true };
    let group = id.as_raw_nonzero().to_string();
    processes.flatten().any(|entry| {
        if !entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            return false;
        }
        let stat = std::fs::read(entry.path().join("stat")).unwrap_or_default();
        let stat = String::from_utf8_lossy(&stat);
        // proc_pid_stat(5): the name in parentheses, then state, parent, group.
        let mut fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_ascii_whitespace();
        let state = fields.next().unwrap_or("Z");
        fields.nth(1) == Some(group.as_str()) && !matches!(state, "Z" | "X")
    })
}

#[cfg(not(target_os = "linux"))]
fn has_living_member(_: Pid) -> bool {
    true
}
