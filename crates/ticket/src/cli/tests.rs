//! Of the commands: what they print, and how they end.

use super::*;
use clap::{CommandFactory, Parser};
use std::path::Path;

#[derive(Parser)]
#[command(name = "ticket", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: TicketArgs,
}

/// A clock that no command reads: what differs from run to run is taken out of what they print.
fn plain(text: &str, ids: &[String]) -> String {
    let mut text = text.to_owned();
    for (number, id) in ids.iter().enumerate() {
        text = text.replace(id.as_str(), &format!("<ID{number}>"));
    }
    let mut out = String::new();
    let mut words = text.split_inclusive([' ', '\n', '"', '\'']);
    for word in words.by_ref() {
        let bare = word.trim_end_matches([' ', '\n', '"', '\'']);
        let is_time = crate::clock::read(bare).is_some();
        let is_revision = bare.len() == 32 && bare.bytes().all(|b| b.is_ascii_hexdigit());
        let shown = if is_time {
            "<TIME>"
        } else if is_revision {
            "<REVISION>"
        } else {
            bare
        };
        out.push_str(&word.replacen(bare, shown, usize::from(!bare.is_empty())));
    }
    out
}

struct Said {
    out: String,
    err: String,
    result: Result<(), CliError>,
}

fn ticket_in(folder: &Path, form: Form, stdin: Option<&str>, args: &[&str]) -> Said {
    let cli = Cli::try_parse_from(["ticket"].into_iter().chain(args.iter().copied()))
        .unwrap_or_else(|error| panic!("{error}"));
    let mut input = stdin.map(str::as_bytes);
    let stdin = input.as_mut().map(|input| input as &mut dyn Read);
    let session = Session { workspace: folder.to_owned(), author: Author::new("hare").unwrap(), form, stdin };
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let result = run(cli.command, session, &mut out, &mut err);
    Said { out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap(), result }
}

fn ticket(folder: &Path, args: &[&str]) -> String {
    let said = ticket_in(folder, Form::Text, None, args);
    said.result.unwrap_or_else(|error| panic!("{args:?}: {error}"));
    said.out
}

fn fails(folder: &Path, args: &[&str]) -> (u8, String) {
    let error = ticket_in(folder, Form::Text, None, args).result.unwrap_err();
    (error.exit_status(), error.to_string())
}

/// Three tickets: one that waits for the second, and one with a hostile title, which a person wrote into the file.
fn workspace() -> (tempfile::TempDir, [String; 3]) {
    let folder = tempfile::tempdir().unwrap();
    let make = |args: &[&str]| ticket(folder.path(), args).trim_end().to_owned();
    let b = make(&["new", "Second", "-m", "Do it."]);
    let a = make(&["new", "First", "--depends-on", &b, "--risk-flag", "scope", "--assignee", "hare"]);
    let c = make(&["new", "Third"]);
    let file = folder.path().join(STORE).join(&c).join("item.md");
    let text = std::fs::read_to_string(&file).unwrap().replace("'Third'", "\"\\e[31mThird\\u202e\"");
    std::fs::write(file, text).unwrap();
    (folder, [a, b, c])
}

#[test]
fn a_day_s_work() {
    let (folder, ids) = workspace();
    let [a, b, _] = &ids;
    let folder = folder.path();
    let mut out = String::new();
    for args in [
        vec!["ready", a, "--summary", "It is clear."],
        vec!["queue", a],
        vec!["list"],
        vec!["list", "--blocked"],
        vec!["relation", "list", b],
        vec!["state", b, "ready"],
        vec!["queue", b],
        vec!["start", b],
        vec!["decision", b, "Do it this way.\n\n---\n\nAnd no other."],
        vec!["done", b, "-m", "It works."],
        vec!["close", b, "--resolution", "Merged."],
        vec!["list"],
        vec!["list", "--all", "--state", "closed"],
        vec!["start", a],
        vec!["show", a],
        vec!["show", b],
        vec!["graph"],
    ] {
        out.push_str(&format!("$ ticket {}\n{}", args.join(" "), ticket(folder, &args)));
    }
    insta::assert_snapshot!(plain(&out, &ids));
}

#[test]
fn json_is_what_the_library_says() {
    let (folder, ids) = workspace();
    let mut out = String::new();
    for args in [
        vec!["list", "--text", "third"],
        vec!["show", &ids[0]],
        vec!["relation", "list", &ids[1]],
        vec!["doctor"],
        vec!["comment", &ids[0], "x"],
    ] {
        let said = ticket_in(folder.path(), Form::Json, None, &args);
        let value: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        assert!(!said.out.contains(['\u{1b}', '\u{202e}']), "{}", said.out);
        out.push_str(&format!(
            "$ ticket --json {}\n{}\n",
            args.join(" "),
            serde_json::to_string_pretty(&value).unwrap()
        ));
    }
    insta::assert_snapshot!(plain(&crate::text::json(&out), &ids));
}

#[test]
fn errors_have_a_status_each() {
    let (folder, [a, b, _]) = workspace();
    let folder = folder.path();
    assert_eq!(fails(folder, &["show", "00001KVZKSTJT"]), (3, "there is no ticket 00001KVZKSTJT".into()));
    assert_eq!(fails(folder, &["show", "ZZZ"]), (3, "no ticket ends in ZZZ".into()));
    assert_eq!(fails(folder, &["start", &a]).0, 8);
    assert_eq!(fails(folder, &["close", &a]), (2, "closing takes a resolution".into()));
    assert_eq!(fails(folder, &["comment", &a]), (2, "there is nothing to say".into()));
    assert_eq!(fails(folder, &["relation", "add", &b, "depends_on", &a]).0, 8);
    assert_eq!(fails(folder, &["relation", "remove", &b, "related", &a]).0, 3);
    assert_eq!(fails(folder, &["comment", &a, "x", "--if-revision", "0"]).0, 8);
    ticket(folder, &["ready", &a]);
    let (status, words) = fails(folder, &["state", &a, "planning"]);
    assert_eq!((status, words.as_str()), (2, "from ready to planning takes a reason"));
    ticket(folder, &["queue", &a]);
    let (status, words) = fails(folder, &["start", &a]);
    assert_eq!((status, words), (8, format!("{a} waits for {b}")));
    assert!(Cli::try_parse_from(["ticket", "state", &a, "asleep"]).is_err());
    assert!(Cli::try_parse_from(["ticket", "show", "../../etc/passwd"]).is_err());
}

#[test]
fn bodies_come_from_stdin_and_ids_may_be_short() {
    let (folder, [a, ..]) = workspace();
    let folder = folder.path();
    let end = &a[6..];
    let said = ticket_in(folder, Form::Text, Some("from a pipe\n"), &["comment", end, "-"]);
    assert_eq!((said.result.is_ok(), said.out), (true, format!("{a} planning\n")));
    let said = ticket_in(folder, Form::Text, Some("Made.\n"), &["new", "Piped", "--body-file", "-"]);
    let shown = ticket(folder, &["show", said.out.trim()]);
    assert!(shown.contains("\nMade.\n") && ticket(folder, &["show", end]).contains("    from a pipe\n"));
    let key = ["comment", &a, "once", "--idempotency-key", "k"];
    assert_eq!(ticket(folder, &key), ticket(folder, &key));
    assert_eq!(ticket(folder, &["show", &a]).matches("    once\n").count(), 1);
}

#[test]
fn what_cannot_be_read_is_told_on_stderr_and_by_doctor() {
    let (folder, ids) = workspace();
    let file = folder.path().join(STORE).join(&ids[1]).join("item.md");
    std::fs::write(file, "---\ntitle: 'x\n---\n").unwrap();
    let said = ticket_in(folder.path(), Form::Text, None, &["list"]);
    assert!(said.result.is_ok());
    assert_eq!(said.out.lines().count(), 2);
    assert!(said.err.contains("item.md:") && said.err.contains("hint: `yoi ticket doctor`"), "{}", said.err);
    let said = ticket_in(folder.path(), Form::Text, None, &["doctor"]);
    assert!(matches!(said.result, Err(CliError::Found)));
    insta::assert_snapshot!(plain(&said.out, &ids));
}

#[test]
fn plans_and_imports() {
    let (folder, ids) = workspace();
    let other = tempfile::tempdir().unwrap();
    let id = ticket(
        folder.path(),
        &["plan", "add", &ids[0], "--kind", "accepted_plan", "--summary", "Do it.", "--branch", "work/a"],
    );
    assert!(id.starts_with("orch-plan-"), "{id}");
    assert!(ticket(folder.path(), &["plan", "list", &ids[0]]).contains("accepted_plan\n    Do it.\n"));
    let from = folder.path().join(STORE);
    let from = from.to_str().unwrap();
    let looked = ticket(other.path(), &["import", from]);
    let done = ticket(other.path(), &["import", from, "--apply"]);
    let again = ticket(other.path(), &["import", from, "--apply"]);
    let mut sorted = ids.to_vec();
    sorted.sort();
    insta::assert_snapshot!(plain(&format!("{looked}\n{done}\n{again}"), &sorted));
}

/// The help of a command and of all below it.
fn tree(command: &mut clap::Command, path: &str, out: &mut String) {
    out.push_str(&format!("######## {path}\n{}\n", command.render_long_help()));
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        if let Some(sub) = command.find_subcommand_mut(&name) {
            tree(sub, &format!("{path} {name}"), out);
        }
    }
}

#[test]
fn the_whole_help() {
    let mut command = Cli::command().term_width(100);
    command.build();
    command.clone().debug_assert();
    let mut out = String::new();
    tree(&mut command, "ticket", &mut out);
    let out: Vec<&str> = out.lines().map(str::trim_end).collect();
    insta::assert_snapshot!(out.join("\n"));
}
