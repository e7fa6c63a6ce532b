//! A terminal: a pty whose other side is read into a screen.
//!
//! Owns the pty, the process in it, what its screen shows and what the terminal was like before. The
//! process has it as its controlling terminal, so that neither the tests' own nor their signals reach it.

use crate::wait::until;
use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

/// The size that everything has to work at.
pub const SIZE: (u16, u16) = (80, 24);

/// What has come from the process, and what it makes of the screen.
struct Shown {
    parser: vt100::Parser,
    bytes: Vec<u8>,
}

/// A terminal with a process in it. Dropping it kills the process.
pub struct Terminal {
    child: Child,
    keys: File,
    line: OwnedFd,
    before: Termios,
    shown: Arc<Mutex<Shown>>,
}

fn cells(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).unwrap()
}

fn winsize((columns, rows): (u16, u16)) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

impl Terminal {
    /// Runs a command in a new one.
    pub fn start(command: &Command) -> Terminal {
        let keys = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&keys).unwrap();
        unlockpt(&keys).unwrap();
        let name = ptsname(&keys, Vec::new()).unwrap();
        let line = open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        tcsetwinsize(&line, winsize(SIZE)).unwrap();
        let before = tcgetattr(&line).unwrap();
        let end = || Stdio::from(line.try_clone().unwrap());
        let child = controlling(command).stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let parser = vt100::Parser::new(cells(SIZE.1), cells(SIZE.0), 0);
        let shown = Arc::new(Mutex::new(Shown { parser, bytes: Vec::new() }));
        let keys = File::from(keys);
        show(keys.try_clone().unwrap(), Arc::clone(&shown));
        Terminal { child, keys, line, before, shown }
    }

    /// What is on the screen.
    pub fn picture(&self) -> String {
        self.shown.lock().unwrap().parser.screen().contents()
    }

    /// Every byte that came.
    pub fn bytes(&self) -> Vec<u8> {
        self.shown.lock().unwrap().bytes.clone()
    }

    /// Waits until the screen holds all of these.
    pub fn until(&mut self, words: &[&str]) -> String {
        self.until_so(&format!("the screen shows {words:?}"), |picture| words.iter().all(|word| picture.contains(word)))
    }

    /// Waits until the screen is so.
    pub fn until_so(&mut self, what: &str, mut so: impl FnMut(&str) -> bool) -> String {
        let begun = std::time::Instant::now();
        loop {
            let picture = self.picture();
            if so(&picture) {
                return picture;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it has ended ({ended:?}) before {what}:\n{picture}");
            assert!(begun.elapsed() < crate::wait::DEADLINE, "waited until {what}:\n{picture}");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Presses keys, again and again, until the screen holds these words: a question that has only just
    /// come is not answered by a key.
    pub fn press_until(&mut self, keys: &str, words: &str) {
        let mut looks: u32 = 0;
        let pressing = self.keys.try_clone().unwrap();
        self.until_so(&format!("pressing a key shows {words:?}"), |picture| {
            if looks.is_multiple_of(100) {
                (&pressing).write_all(keys.as_bytes()).unwrap();
            }
            looks += 1;
            picture.contains(words)
        });
    }

    /// Makes it another size, as whoever drags its corner does.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.shown.lock().unwrap().parser.set_size(cells(size.1), cells(size.0));
        tcsetwinsize(&self.keys, winsize(size)).unwrap();
    }

    /// Sends the process a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until the process has ended.
    pub fn ended(&mut self) -> ExitStatus {
        until("it has ended", || self.child.try_wait().unwrap())
    }

    /// That whoever had the terminal before has it as it was.
    pub fn assert_as_before(&self) {
        until("the terminal is as it was", || {
            let shown = self.shown.lock().unwrap();
            let screen = shown.parser.screen();
            (!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste()).then_some(())
        });
        let (before, after) = (&self.before, tcgetattr(&self.line).unwrap());
        assert_eq!(before.input_modes, after.input_modes);
        assert_eq!(before.output_modes, after.output_modes);
        assert_eq!(before.control_modes, after.control_modes);
        assert_eq!(before.local_modes, after.local_modes);
    }

    /// That a console has it now.
    pub fn assert_taken(&self) {
        let shown = self.shown.lock().unwrap();
        assert!(shown.parser.screen().alternate_screen());
        assert_ne!(self.before.local_modes, tcgetattr(&self.line).unwrap().local_modes);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command as the head of a session of its own whose terminal is its stdin.
fn controlling(command: &Command) -> Command {
    let mut setsid = Command::new("/usr/bin/setsid");
    setsid.arg("--ctty").arg(command.get_program()).args(command.get_args()).env_clear();
    setsid.env("TERM", "xterm-256color");
    let given = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    setsid.envs(given.filter(|(name, _)| *name != "TERM"));
    if let Some(folder) = command.get_current_dir() {
        setsid.current_dir(folder);
    }
    setsid
}

/// Reads what comes until nobody has the other side any more.
fn show(mut from: File, shown: Arc<Mutex<Shown>>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            let mut shown = shown.lock().unwrap();
            shown.parser.process(&buffer[..n]);
            shown.bytes.extend_from_slice(&buffer[..n]);
        }
    });
}
