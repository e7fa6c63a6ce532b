//! One seed after the other, each in a process of its own.
//!
//! Owns the setting of the process's randomness, and the telling which seed failed and how to run
//! it again.

use crate::trace::Trace;
use crate::world;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How many seeds run where nobody says.
const SEEDS: u64 = 500;
/// How much memory one of them may take, in KiB.
const MEMORY_KIB: u64 = 64 << 10;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Runs a seed in this process, which can be done once.
fn run(seed: u64) {
    let usual = std::panic::take_hook();
    // also in tasks whose end nobody looks at
    std::panic::set_hook(Box::new(move |panic| {
        usual(panic);
        eprintln!("seed {seed} failed; run it again with YOI_SIM_SEED={seed}");
        std::process::exit(1);
    }));
    let file = std::env::var("YOI_SIM_TRACE").ok().map(|path| File::create(path).unwrap());
    mad_turmoil::rand::set_rng(StdRng::seed_from_u64(seed));
    // a thread whose own randomness has not begun
    let outcome = std::thread::spawn(move || world::simulate(seed, Trace::new(file))).join().unwrap();
    let peak = peak_kib();
    assert!(peak < MEMORY_KIB, "seed {seed} took {peak} KiB");
    // after what the test harness has begun to print
    println!("\nseed {seed}: trace {:?}: {}", outcome.trace, outcome.summary);
}

/// The most memory that this process ever had.
fn peak_kib() -> u64 {
    let mut status = String::new();
    File::open("/proc/self/status").and_then(|mut file| file.read_to_string(&mut status)).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Runs a seed in a process of its own; its last line, or all that it said when it failed.
fn apart(seed: u64) -> Result<String, String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "seeds::every_promise_is_kept", "--nocapture", "--test-threads=1"])
        .env("YOI_SIM_SEED", seed.to_string())
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let line = out.lines().find(|line| line.starts_with("seed ")).map(str::to_owned);
    match (output.status.success(), line) {
        (true, Some(line)) => Ok(line),
        _ => Err(format!("{out}{err}")),
    }
}

#[test]
fn every_promise_is_kept() {
    if let Some(seed) = number("YOI_SIM_SEED") {
        return run(seed);
    }
    let from = number("YOI_SIM_FROM").unwrap_or(0);
    let (next, end) = (AtomicU64::new(from), from + number("YOI_SIM_SEEDS").unwrap_or(SEEDS));
    let failed = AtomicBool::new(false);
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !failed.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    if let Err(said) = apart(seed) {
                        failed.store(true, Ordering::Relaxed);
                        eprintln!("{said}\nseed {seed} failed; run it again with YOI_SIM_SEED={seed}");
                    }
                }
            });
        }
    });
    assert!(!failed.load(Ordering::Relaxed), "a seed failed: see above");
}

/// The whole trace is compared by its hash: every frame, every command, every turn of the weather.
#[test]
fn a_seed_is_the_same_history_every_time() {
    if number("YOI_SIM_SEED").is_some() {
        return;
    }
    for seed in [1, 2, 3, 1_000_003] {
        let (first, second) = (apart(seed).unwrap(), apart(seed).unwrap());
        assert_eq!(first, second, "seed {seed}");
    }
    assert_ne!(apart(1).unwrap(), apart(2).unwrap());
}
