//! That a person is asked.
//!
//! Owns the terminal on which that happens.

use super::Place;
use super::fixture::{API, NEAR};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::process::Stdio;

/// Runs a command whose stdin and stderr are a terminal on which somebody has typed.
fn typed(place: &Place, args: &[&str], answers: &str) -> Option<i32> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let open = || OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    let (stdin, stderr) = (open(), open());
    let mut master = File::from(master);
    master.write_all(answers.as_bytes()).unwrap();
    let mut command = place.yoi(args);
    command.stdin(Stdio::from(stdin)).stderr(Stdio::from(stderr)).stdout(Stdio::null());
    command.status().unwrap().code()
}

#[test]
fn a_person_agrees_or_not_and_to_each_near_target_by_itself() {
    let place = Place::new();
    place.package("near", &format!("{API}{NEAR}"));
    assert_eq!(typed(&place, &["grant", "near", "--all"], "n\n"), Some(1));
    assert!(!place.grants().exists());
    // yes to the internet, no to this machine, yes to the local network
    assert_eq!(typed(&place, &["grant", "near", "--all"], "y\nno\nyes\n"), Some(0));
    let (_, json) = place.json(&["show", "near"]);
    assert_eq!(json["capabilities"][0]["granted"].as_array().unwrap().len(), 1);
    assert_eq!(json["capabilities"][0]["missing"][0]["target"], "model");
    assert_eq!(json["capabilities"][1]["granted"][0]["target"]["id"], "printer");
}
