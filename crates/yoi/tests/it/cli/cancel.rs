//! Cancelling a program that would go on for ever.
//!
//! Owns the proof that it ends soon, with everything that it has started.

use super::{good, json};
use crate::profiles;
use crate::serving::Home;
use crate::wait::until;
use std::time::{Duration, Instant};

/// 100 ms are promised; a busy machine and the start of two processes come on top.
const WITHIN: Duration = Duration::from_secs(2);

#[test]
fn cli_cancel_ends_a_program_and_all_it_started() {
    let home = Home::new("");
    let file = home.path().join("pid");
    let script =
        format!("echo begun; sleep 1000 & sleep 1000 & echo $$ > {0}.new; mv {0}.new {0}; wait", file.display());
    home.configure(&profiles::text_script("sleeper", &script));
    let serving = home.serve(&[]);
    let worker = good(&mut serving.yoi(&["worker", "create", "--profile", "sleeper"]));
    let worker = worker.trim();
    good(&mut serving.yoi(&["worker", "input", worker, "go"]));
    let group = until("it runs", || std::fs::read_to_string(&file).ok()?.trim().parse().ok());
    until("all of it runs", || (alive(group) == 3).then_some(()));
    assert_eq!(json(&mut serving.yoi(&["worker", "show", worker]))["status"], "running");
    let begun = Instant::now();
    good(&mut serving.yoi(&["worker", "cancel", worker]));
    until("its run is over", || json(&mut serving.yoi(&["worker", "show", worker]))["run"].is_null().then_some(()));
    let took = begun.elapsed();
    assert!(took < WITHIN, "{took:?}");
    until("its group is gone", || (alive(group) == 0).then_some(()));
    assert!(begun.elapsed() < WITHIN, "{:?}", begun.elapsed());
    let frames = good(&mut serving.yoi(&["watch", worker, "--raw", "--until-idle"]));
    assert!(frames.contains("begun"), "{frames}");
    println!("cancelled after {took:?}, the group gone after {:?}", begun.elapsed());
}

/// How many processes of a group live. One that has ended and waits for its parent does not count.
fn alive(group: u32) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().map(Result::unwrap);
    let stats = processes.filter_map(|process| std::fs::read_to_string(process.path().join("stat")).ok());
    let lives = |stat: &String| {
        // after the name, which is in parentheses: state, parent, group
        let (_, rest) = stat.rsplit_once(") ")?;
        let mut rest = rest.split(' ');
        Some(rest.next()? != "Z" && rest.nth(1)?.parse() == Ok(group))
    };
    stats.filter(|stat| lives(stat) == Some(true)).count()
}
