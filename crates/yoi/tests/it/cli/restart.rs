//! `yoi watch` while the runtime is restarted.
//!
//! Owns the proof that a person who watches sees everything once, whatever becomes of the runtime.

use super::good;
use crate::profiles::{self, number};
use crate::serving::{Home, Serving};
use crate::wait::until;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::{Arc, Mutex};

/// The rounds; the runtime is killed after each second one, ended in order after the others.
const ROUNDS: usize = 4;

#[test]
fn cli_watch_goes_on_over_restarts_without_a_gap() {
    let home = Home::new(&profiles::stream(0));
    let mut serving = home.serve(&[]);
    let listen = serving.address.to_string();
    let worker = good(&mut serving.yoi(&["worker", "create", "--profile", "stream"]));
    let worker = worker.trim();
    let mut command = serving.yoi(&["watch", worker, "--raw"]);
    let mut watch = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines: Arc<Mutex<Vec<String>>> = Arc::default();
    let stdout = BufReader::new(watch.stdout.take().unwrap());
    let reading = std::thread::spawn({
        let lines = Arc::clone(&lines);
        move || stdout.lines().map_while(Result::ok).for_each(|line| lines.lock().unwrap().push(line))
    });
    let count = |word: &str| lines.lock().unwrap().iter().filter(|line| line.contains(word)).count();
    until("it watches", || (count(r#""type":"snapshot""#) == 1).then_some(()));
    for round in 0..ROUNDS {
        let deltas = count(r#""type":"block_delta""#);
        good(&mut serving.yoi(&["worker", "input", worker, "2000 10 0.01"]));
        until("it is in the middle", || (count(r#""type":"block_delta""#) > deltas + 5).then_some(()));
        let finished = count(r#""type":"run_finished""#);
        if round % 2 == 0 {
            serving.kill();
        } else {
            serving.end();
        }
        serving = Serving::start(&mut home.command(&listen, &[]));
        until("the end of the run is seen", || (count(r#""type":"run_finished""#) == finished + 1).then_some(()));
    }
    good(&mut serving.yoi(&["worker", "input", worker, "20 10 0.01"]));
    until("the last run is seen", || (count(r#""type":"run_finished""#) == ROUNDS + 1).then_some(()));
    watch.kill().unwrap();
    let mut told = String::new();
    std::io::Read::read_to_string(&mut watch.stderr.take().unwrap(), &mut told).unwrap();
    watch.wait().unwrap();
    reading.join().unwrap();

    assert!(told.matches("connecting again").count() >= ROUNDS, "{told}");
    assert!(told.matches("made again").count() >= ROUNDS, "{told}");
    let lines = lines.lock().unwrap();
    assert_eq!(lines.iter().filter(|line| line.contains(r#""type":"snapshot""#)).count(), 1, "a gap");
    let (mut next, mut runs) = (0, 0);
    for line in lines.iter() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        match event["type"].as_str().unwrap() {
            "block_started" => (next, runs) = (0, runs + 1),
            "block_delta" => {
                for piece in event["text"].as_str().unwrap().split_terminator(' ') {
                    assert_eq!(number(piece), next, "a hole, or a repetition");
                    next += 1;
                }
            }
            _ => {}
        }
    }
    assert_eq!(runs, ROUNDS + 1);
}
