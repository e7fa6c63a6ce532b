//! `yoi watch` on a terminal: what a person sees, through a runtime that dies, and what they have
//! afterwards.
//!
//! Owns one test for each way to open and to leave it. What each key does is `yoi_tui`'s to test.

pub mod terminal;
mod workspace;

use crate::process::said;
use rustix::process::Signal;
use terminal::Terminal;
use workspace::Workspace;

const ENTER: &str = "\r";
const ESCAPE: &str = "\x1b";

#[test]
fn console_shows_every_runtime_and_goes_on_when_one_of_them_dies_and_comes_back() {
    let mut workspace = Workspace::start();
    workspace.create("near", "echo", "Parrot");
    let counter = workspace.create("far", "stream", "Counter");
    let mut terminal = Terminal::start(&workspace.yoi(&["watch"]));
    let picture = terminal.until(&["near", "far", "Parrot", "Counter", "console connected"]);
    assert_eq!(picture.matches("link up").count(), 2, "{picture}");
    terminal.assert_taken();

    // chosen in the list, opened, typed to
    terminal.until(&["›○ Counter"]);
    terminal.press(ENTER);
    terminal.press("i");
    terminal.press("40 40 0");
    terminal.until(&["› 40 40 0"]);
    terminal.press(ENTER);
    terminal.until(&["37 38 39", "worker ○ idle", "far up"]);

    // in the middle of an answer
    terminal.press("1000 1 0.1");
    terminal.press(ENTER);
    terminal.until_so("the answer streams", |picture| said_after(picture, "› 1000 1 0.1", "0 1 2 3 4 5"));
    workspace.kill_far();
    let picture = terminal.until(&["far ✗ down", "✗ link down", "was running", "console connected"]);
    assert!(said_after(&picture, "› 1000 1 0.1", "0 1 2 3 4 5"), "what was said stays\n{picture}");
    for word in ["failed", "dead", "stopped", "deleted"] {
        assert!(!picture.contains(word), "{word}\n{picture}");
    }
    assert_eq!(picture.matches("link up").count(), 1, "{picture}");

    // that the run was cut off is told, and everything before it is there once
    workspace.restart_far();
    // the worker's own stream and the workspace's each tell when the runtime is back
    let picture = terminal.until_so("the runtime is back", |picture| {
        let words = ["far up", "the run failed", "worker ○ idle"];
        words.iter().all(|word| picture.contains(word)) && picture.matches("link up").count() == 2
    });
    assert_eq!(picture.matches("37 38 39").count(), 1, "{picture}");
    assert_eq!(picture.matches("0 1 2 3 4 5").count(), 2, "{picture}");
    terminal.press("9 9 0");
    terminal.press(ENTER);
    terminal.until_so("it goes on", |picture| {
        said_after(picture, "› 9 9 0", "0 1 2 3 4 5 6 7 8") && picture.contains("worker ○ idle")
    });

    terminal.press(ESCAPE);
    terminal.until(&["? help"]);
    terminal.press("q");
    assert_eq!(terminal.ended().code(), Some(0));
    terminal.assert_as_before();

    // the same without a terminal
    let (status, stdout, stderr) = said(&mut workspace.yoi(&["watch", &counter, "--until-idle"]));
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    assert!(stdout.contains("37 38 39") && !stdout.contains('\x1b'), "{stdout}");
}

/// Whether an answer to `input` is on the screen, below it, that begins so.
fn said_after(picture: &str, input: &str, answer: &str) -> bool {
    picture.split_once(input).is_some_and(|(_, below)| below.contains(answer))
}

#[test]
fn console_follows_the_size_of_the_terminal_and_opens_on_the_worker_that_is_named() {
    let workspace = Workspace::start();
    workspace.create("near", "echo", "Parrot");
    let counter = workspace.create("far", "stream", "Counter");
    let mut terminal = Terminal::start(&workspace.yoi(&["watch", &counter]));
    // named, it has the keys at once
    terminal.until(&["›○ Counter", "Enter fold"]);
    for size in [(132, 50), (40, 12), terminal::SIZE] {
        terminal.resize(size);
        let width = usize::from(size.0);
        terminal.until_so(&format!("the screen is {size:?}"), |picture| {
            let rule = picture.lines().find(|line| line.starts_with("─ to Counter"));
            let rows = picture.lines().count() == usize::from(size.1);
            rows && rule.is_some_and(|rule| rule.chars().count() == width)
        });
    }
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.ended().code(), Some(0));
    terminal.assert_as_before();
    assert!(is_coloured(&terminal.bytes()));

    // nothing is told by colours where they are not wanted
    let mut plain = Terminal::start(workspace.yoi(&["watch"]).env("NO_COLOR", "1"));
    plain.until(&["›○ Counter"]);
    plain.press("\x03");
    plain.until(&["leave"]);
    plain.press("y");
    assert_eq!(plain.ended().code(), Some(0));
    plain.assert_as_before();
    assert!(!is_coloured(&plain.bytes()));
}

/// Whether any of the sixteen colours is asked for.
fn is_coloured(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let sequences = text.split("\x1b[").skip(1).filter_map(|rest| rest.split_once('m').map(|(numbers, _)| numbers));
    let numbers = sequences.flat_map(|numbers| numbers.split(';')).filter_map(|number| number.parse::<u8>().ok());
    numbers.into_iter().any(|number| matches!(number, 30..=38 | 40..=48 | 90..=97 | 100..=107))
}

#[test]
fn console_is_not_opened_where_lines_are_asked_for_or_there_is_no_backend() {
    let workspace = Workspace::start();
    let parrot = workspace.create("near", "echo", "Parrot");
    let (status, _, stderr) = said(&mut workspace.yoi(&["worker", "input", &parrot, "--follow", "Hello"]));
    assert_eq!(status, Some(0), "{stderr}");
    let mut lines = Terminal::start(&workspace.yoi(&["watch", "--plain", &parrot]));
    lines.until(&["Hello"]);
    lines.press("\x03");
    assert_eq!(lines.ended().code(), Some(130));
    lines.assert_as_before();
    assert!(!String::from_utf8(lines.bytes()).unwrap().contains("\x1b[?1049h"));

    // a runtime by itself has no workspace to show
    let home = crate::serving::Home::new("");
    let runtime = home.serve(&[]);
    let (_, worker, _) = said(&mut runtime.yoi(&["worker", "create"]));
    let mut none = Terminal::start(&runtime.yoi(&["watch"]));
    assert_eq!(none.ended().code(), Some(2));
    crate::wait::until("it is told", || none.picture().contains("the console needs a backend").then_some(()));
    let mut named = Terminal::start(&runtime.yoi(&["watch", worker.trim()]));
    named.until(&["following line by line", "idle"]);
    named.press("\x03");
    assert_eq!(named.ended().code(), Some(130));
    named.assert_as_before();
}
