//! Faults that are planted, each by itself, and found where they are.

use crate::support::{Bench, author, files, moving, saying};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use ticket::store::NewTicket;
use ticket::{Id, Mending, NewPlanRecord, Operation, Problem, RelationKind, Request, State};

/// A store with a ticket in each state, relations and plans, and nothing wrong.
pub struct Clean {
    pub bench: Bench,
    /// Waits in `planning`, with a relation and a plan record.
    pub a: Id,
    /// Is `inprogress` and depends on `c`, which is done.
    pub b: Id,
    pub c: Id,
    /// Is closed.
    pub d: Id,
}

pub fn clean() -> Clean {
    let bench = Bench::new();
    let make =
        |title: &str| bench.make(NewTicket { title: title.into(), body: "Do it.".into(), ..NewTicket::default() });
    let [a, b, c, d] = ["A", "B", "C", "D"].map(make);
    bench.relate(b, RelationKind::DependsOn, c).unwrap();
    bench.relate(a, RelationKind::Related, b).unwrap();
    let record = NewPlanRecord { kind: "blocked_by".into(), related_ticket: Some(b), ..NewPlanRecord::default() };
    bench.apply(Operation::Plan { id: a, record }).unwrap();
    bench.bring(c, State::Done);
    bench.bring(b, State::InProgress);
    bench.apply(Operation::Close { id: d, resolution: "No.".into(), reason: None }).unwrap();
    bench.apply(saying(a, "---\n\n<!-- event: close author: x at: 2026-06-25T14:44:02Z -->\nhostile")).unwrap();
    Clean { bench, a, b, c, d }
}

impl Clean {
    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.bench.path(file)).unwrap()
    }

    fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        fs::write(self.bench.path(file), text).unwrap();
    }

    fn replace(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{file} has no {from}");
        self.write(file, text.replacen(from, to, 1));
    }

    fn append(&self, file: &str, text: &str) {
        self.write(file, self.read(file) + text);
    }

    fn remove(&self, file: &str) {
        fs::remove_file(self.bench.path(file)).unwrap();
    }
}

#[test]
fn nothing_is_wrong_with_a_clean_store() {
    let clean = clean();
    let before = files(clean.bench.folder.path());
    let report = clean.bench.store.doctor().unwrap();
    assert_eq!((report.problems.as_slice(), report.examined), (&[][..], 4));
    assert_eq!(files(clean.bench.folder.path()), before);
}

/// What is planted, the code of what is found, its file and its line.
type Fault = (&'static str, fn(&Clean), fn(&Clean) -> String, usize);

fn item(id: Id) -> String {
    format!("{id}/item.md")
}

fn thread(id: Id) -> String {
    format!("{id}/thread.md")
}

fn relations(id: Id) -> String {
    format!("{id}/artifacts/relations.json")
}

fn plan(id: Id) -> String {
    format!("{id}/artifacts/orchestration-plan.jsonl")
}

const NEXT: &str = "\n<!-- event: comment author: x at: 2026-06-25T16:00:00Z -->\n\n## Comment\n\nx\n\n---\n";

/// Every kind of fault. Of each, the line is counted by hand.
const FAULTS: &[Fault] = &[
    // items
    ("item_missing", |c| c.remove(&item(c.a)), |c| item(c.a), 1),
    ("file_not_utf8", |c| c.write(&item(c.a), b"---\ntitle: '\xff'\n---\n"), |c| item(c.a), 2),
    ("file_too_large", |c| c.append(&item(c.a), &"x".repeat(1024 * 1024)), |c| item(c.a), 1),
    (
        "file_is_link",
        |c| {
            c.remove(&item(c.a));
            symlink("/etc/passwd", c.bench.path(&item(c.a))).unwrap()
        },
        |c| item(c.a),
        1,
    ),
    (
        "file_is_no_file",
        |c| {
            c.remove(&item(c.a));
            fs::create_dir(c.bench.path(&item(c.a))).unwrap()
        },
        |c| item(c.a),
        1,
    ),
    ("front_matter_missing", |c| c.replace(&item(c.a), "---\n", "--\n"), |c| item(c.a), 1),
    ("front_matter_not_closed", |c| c.write(&item(c.a), "---\ntitle: 'x'\n"), |c| item(c.a), 1),
    ("front_matter_not_yaml", |c| c.replace(&item(c.a), "state: 'planning'", "state: 'planning' x"), |c| item(c.a), 3),
    (
        "front_matter_key_twice",
        |c| c.replace(&item(c.a), "assignee: null", "assignee: null\ntitle: 'B'"),
        |c| item(c.a),
        7,
    ),
    ("title_missing", |c| c.replace(&item(c.a), "title: 'A'\n", ""), |c| item(c.a), 1),
    ("title_empty", |c| c.replace(&item(c.a), "'A'", "' '"), |c| item(c.a), 2),
    ("title_too_long", |c| c.replace(&item(c.a), "'A'", &format!("'{}'", "x".repeat(600))), |c| item(c.a), 2),
    ("title_not_one_line", |c| c.replace(&item(c.a), "'A'", "\"a\\e[31m\""), |c| item(c.a), 2),
    ("title_not_text", |c| c.replace(&item(c.a), "'A'", "[A]"), |c| item(c.a), 2),
    ("state_missing", |c| c.replace(&item(c.a), "state: 'planning'\n", ""), |c| item(c.a), 1),
    ("state_unknown", |c| c.replace(&item(c.a), "'planning'", "'asleep'"), |c| item(c.a), 3),
    ("created_at_missing", |c| c.replace(&item(c.a), "created_at", "made_at"), |c| item(c.a), 1),
    (
        "created_at_malformed",
        |c| c.replace(&item(c.a), "created_at: '2026-06-25T", "created_at: '2026-06-25 "),
        |c| item(c.a),
        4,
    ),
    ("updated_at_missing", |c| c.replace(&item(c.a), "updated_at", "changed_at"), |c| item(c.a), 1),
    ("updated_at_malformed", |c| c.replace(&item(c.a), "updated_at: '2026", "updated_at: 'x2026"), |c| item(c.a), 5),
    ("updated_before_created", |c| c.replace(&item(c.a), "updated_at: '2026", "updated_at: '2025"), |c| item(c.a), 5),
    ("updated_at_behind", |c| c.append(&thread(c.a), NEXT), |c| item(c.a), 5),
    ("id_of_another_time", |c| c.replace(&item(c.a), "created_at: '2026", "created_at: '2024"), |c| item(c.a), 4),
    ("name_malformed", |c| c.replace(&item(c.a), "assignee: null", "assignee: [a, b]"), |c| item(c.a), 6),
    (
        "risk_flags_malformed",
        |c| c.replace(&item(c.a), "assignee: null", "assignee: null\nrisk_flags: {a: b}"),
        |c| item(c.a),
        7,
    ),
    ("queued_at_malformed", |c| c.replace(&item(c.b), "queued_at: '", "queued_at: 'x"), |c| item(c.b), 8),
    ("queued_by_missing", |c| c.replace(&item(c.a), "'planning'", "'queued'"), |c| item(c.a), 3),
    ("state_disagrees", |c| c.replace(&item(c.a), "'planning'", "'ready'"), |c| item(c.a), 3),
    ("resolution_missing", |c| c.remove(&format!("{}/resolution.md", c.d)), |c| item(c.d), 3),
    (
        "resolution_early",
        |c| c.write(&format!("{}/resolution.md", c.a), "x\n"),
        |c| format!("{}/resolution.md", c.a),
        1,
    ),
    (
        "begun_while_blocked",
        |c| {
            c.bench.apply(moving(c.c, State::Planning, Some("x"))).unwrap();
        },
        |c| item(c.b),
        3,
    ),
    // threads
    ("thread_missing", |c| c.remove(&thread(c.a)), |c| thread(c.a), 1),
    ("thread_empty", |c| c.write(&thread(c.a), ""), |c| thread(c.a), 1),
    (
        "thread_preamble",
        |c| {
            let text = c.read(&thread(c.c));
            c.write(&thread(c.c), format!("\nhello\n\n---\n\n{text}"))
        },
        |c| thread(c.c),
        2,
    ),
    (
        "thread_not_closed",
        |c| c.append(&thread(c.c), "\n<!-- event: comment author: x at: 2026-06-25T14:50:00Z -->\n\nx\n"),
        |c| thread(c.c),
        43,
    ),
    (
        "event_malformed",
        |c| c.append(&thread(c.c), "\n<!-- event: comment author: x at: then -->\n\n---\n"),
        |c| thread(c.c),
        41,
    ),
    ("event_in_body", |c| c.replace(&thread(c.c), "Created by", "<!-- event: x -->\nCreated by"), |c| thread(c.c), 5),
    ("separator_in_body", |c| c.replace(&thread(c.c), "Created by", "---\nCreated by"), |c| thread(c.c), 5),
    ("event_out_of_order", |c| c.replace(&thread(c.c), "at: 2026", "at: 2027"), |c| thread(c.c), 9),
    ("event_ahead", |c| c.append(&thread(c.c), &NEXT.replace("2026", "2199")), |c| thread(c.c), 41),
    ("state_event_incomplete", |c| c.replace(&thread(c.c), " to: ready", ""), |c| thread(c.c), 9),
    ("state_event_unknown", |c| c.replace(&thread(c.c), " to: ready", " to: bed"), |c| thread(c.c), 9),
    ("state_events_do_not_follow", |c| c.replace(&thread(c.c), "from: planning", "from: queued"), |c| thread(c.c), 9),
    // relations
    ("relations_not_json", |c| c.replace(&relations(c.b), "\"kind\"", "kind"), |c| relations(c.b), 6),
    ("relations_malformed", |c| c.write(&relations(c.b), "{\"version\": 1}"), |c| relations(c.b), 1),
    ("relations_version", |c| c.replace(&relations(c.b), "\"version\": 1", "\"version\": 2"), |c| relations(c.b), 2),
    ("relation_kind_unknown", |c| c.replace(&relations(c.b), "depends_on", "hinders"), |c| relations(c.b), 7),
    ("relation_target_malformed", |c| c.replace(&relations(c.b), &c.c.to_string(), "nobody"), |c| relations(c.b), 7),
    (
        "relation_target_missing",
        |c| c.replace(&relations(c.b), &c.c.to_string(), "00001KVZKSTJT"),
        |c| relations(c.b),
        7,
    ),
    ("relation_to_itself", |c| c.replace(&relations(c.b), &c.c.to_string(), &c.b.to_string()), |c| relations(c.b), 7),
    (
        "relation_of_another",
        |c| c.replace(&relations(c.b), &format!("\"ticket_id\": \"{}\"", c.b), &format!("\"ticket_id\": \"{}\"", c.d)),
        |c| relations(c.b),
        7,
    ),
    ("relation_author_malformed", |c| c.replace(&relations(c.b), "\"hare\"", "7"), |c| relations(c.b), 7),
    ("relation_time_malformed", |c| c.replace(&relations(c.b), "\"at\": \"2026", "\"at\": \"x"), |c| relations(c.b), 7),
    (
        "relation_twice",
        |c| {
            let text = c.read(&relations(c.b));
            let (head, rest) = text.split_once("[\n").unwrap();
            let one = rest.split_once("\n  ]").unwrap().0;
            c.write(&relations(c.b), format!("{head}[\n{one},\n{rest}"))
        },
        |c| relations(c.b),
        14,
    ),
    (
        "dependency_cycle",
        |c| {
            let text = c
                .read(&relations(c.b))
                .replace(&c.c.to_string(), "X")
                .replace(&c.b.to_string(), &c.c.to_string())
                .replace('X', &c.b.to_string());
            c.write(
                &{
                    fs::create_dir_all(c.bench.path(&format!("{}/artifacts", c.c))).unwrap();
                    relations(c.c)
                },
                text,
            )
        },
        |c| relations(c.b),
        7,
    ),
    // plans
    ("plan_not_json", |c| c.append(&plan(c.a), "{\n"), |c| plan(c.a), 2),
    ("plan_malformed", |c| c.append(&plan(c.a), "{\"id\": \"x\"}\n"), |c| plan(c.a), 2),
    (
        "plan_of_another",
        |c| c.replace(&plan(c.a), &format!("\"ticket_id\":\"{}\"", c.a), &format!("\"ticket_id\":\"{}\"", c.b)),
        |c| plan(c.a),
        1,
    ),
    (
        "plan_twice",
        |c| {
            let text = c.read(&plan(c.a));
            c.append(&plan(c.a), &text)
        },
        |c| plan(c.a),
        2,
    ),
    ("plan_time_malformed", |c| c.replace(&plan(c.a), "\"at\":\"", "\"at\":\"x"), |c| plan(c.a), 1),
    (
        "plan_related_malformed",
        |c| c.replace(&plan(c.a), &format!("\"related_ticket\":\"{}\"", c.b), "\"related_ticket\":\"b\""),
        |c| plan(c.a),
        1,
    ),
    (
        "plan_related_missing",
        |c| c.replace(&plan(c.a), &format!("\"related_ticket\":\"{}\"", c.b), "\"related_ticket\":\"00001KVZKSTJT\""),
        |c| plan(c.a),
        1,
    ),
    (
        "plan_not_ended",
        |c| {
            let text = c.read(&plan(c.a));
            c.write(&plan(c.a), text.trim_end())
        },
        |c| plan(c.a),
        1,
    ),
    // folders
    ("stray_file", |c| c.write(&format!("{}/notes.md", c.a), "x"), |c| format!("{}/notes.md", c.a), 1),
    (
        "link_in_record",
        |c| symlink("/", c.bench.path(&format!("{}/artifacts/root", c.a))).unwrap(),
        |c| format!("{}/artifacts/root", c.a),
        1,
    ),
    ("temporary_left", |c| c.write(&format!("{}/.item.md.tmp", c.a), "x"), |c| format!("{}/.item.md.tmp", c.a), 1),
    ("record_is_link", |c| symlink("/", c.bench.path("00001KVZKSTJT")).unwrap(), |_| "00001KVZKSTJT".into(), 1),
    ("record_is_no_folder", |c| c.write("00001KVZKSTJT", "x"), |_| "00001KVZKSTJT".into(), 1),
    ("name_is_no_id", |c| fs::create_dir(c.bench.path("00001kvzkstjt")).unwrap(), |_| "00001kvzkstjt".into(), 1),
    ("stray_name", |c| c.write("notes.txt", "x"), |_| "notes.txt".into(), 1),
    // what writers keep
    (
        "journal_damaged",
        |c| c.write(".store/journal", "yoi-ticket-journal 1 9 00\n{}\n"),
        |_| ".store/journal".into(),
        1,
    ),
    (
        "journal_pending",
        |c| {
            let text = c.read(".store/last");
            c.write(".store/journal", text)
        },
        |_| ".store/journal".into(),
        1,
    ),
    ("keys_malformed", |c| c.write(".store/keys.jsonl", "{}\n"), |_| ".store/keys.jsonl".into(), 1),
    (
        "import_left",
        |c| fs::create_dir(c.bench.path(".store/import-00001KVZKSTJT")).unwrap(),
        |_| ".store/import-00001KVZKSTJT".into(),
        1,
    ),
    (
        "lock_is_no_file",
        |c| {
            c.remove(".store/lock");
            fs::create_dir(c.bench.path(".store/lock")).unwrap()
        },
        |_| ".store/lock".into(),
        1,
    ),
    (
        "store_folder_malformed",
        |c| {
            fs::remove_dir_all(c.bench.path(".store")).unwrap();
            c.write(".store", "x")
        },
        |_| ".store".into(),
        1,
    ),
];

#[test]
fn every_planted_fault_is_found_with_its_file_its_line_and_what_mends_it() {
    let codes: BTreeSet<&str> = FAULTS.iter().map(|(code, ..)| *code).collect();
    assert!(codes.len() >= 40 && codes.len() == FAULTS.len(), "{}", codes.len());
    let mut wrong = Vec::new();
    for (code, plant, file, line) in FAULTS {
        let clean = clean();
        plant(&clean);
        let report = clean.bench.store.doctor().unwrap();
        let found = report.problems.iter().find(|problem| problem.code == *code);
        match found {
            Some(found) if found.file == file(&clean) && found.line == *line && !found.remedy.is_empty() => {}
            _ => wrong.push(format!("{code} at {}:{line}: {:#?}", file(&clean), report.problems)),
        }
        assert!(report.examined >= 3, "{code}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_mended_is_gone_and_nothing_else_is_touched() {
    for (code, plant, ..) in FAULTS {
        let clean = clean();
        plant(&clean);
        if clean.bench.path(".store/lock").is_dir() || clean.bench.path(".store").is_file() {
            assert!(clean.bench.store.mend(&author()).is_err() || clean.bench.store.doctor().unwrap().mendable() == 0);
            continue;
        }
        let planted = clean.bench.store.doctor().unwrap();
        let before = files(clean.bench.store.path());
        let mended = clean.bench.store.mend(&author()).unwrap();
        let is_safe = |problem: &&Problem| problem.code == *code && problem.mending == Mending::Safe;
        if planted.problems.iter().any(|problem| is_safe(&problem)) {
            assert!(mended.mended.iter().any(|problem| problem.code == *code), "{code}: {mended:#?}");
            assert!(!mended.left.problems.iter().any(|problem| problem.code == *code), "{code}: {mended:#?}");
        } else if planted.mendable() == 0 {
            assert_eq!(files(clean.bench.store.path()), before, "{code}");
        }
        assert_eq!(mended.left.mendable(), 0, "{code}: {mended:#?}");
    }
}

#[test]
fn many_faults_at_once_hide_none() {
    let clean = clean();
    let together = [
        "title_empty",
        "state_disagrees",
        "event_malformed",
        "relation_kind_unknown",
        "plan_not_json",
        "stray_name",
        "keys_malformed",
    ];
    for (code, plant, ..) in FAULTS {
        if together.contains(code) {
            plant(&clean);
        }
    }
    let found: BTreeSet<&str> =
        clean.bench.store.doctor().unwrap().problems.iter().map(|problem| problem.code).collect();
    assert!(
        together.iter().all(|code| found.contains(code) || *code == "state_disagrees" || *code == "title_empty"),
        "{found:?}"
    );
    assert!(found.contains("title_empty") && found.contains("state_disagrees"));
    // a thread with more faults than anybody reads is cut short, and says by how much
    let many = "---\nx\n".repeat(500);
    clean.replace(&thread(clean.c), "Created by", &format!("{many}Created by"));
    let problems = clean.bench.store.doctor().unwrap().problems;
    let of_file: Vec<&Problem> = problems.iter().filter(|problem| problem.file == thread(clean.c)).collect();
    assert_eq!(of_file.len(), ticket::limits::MAX_FINDINGS_OF_A_FILE);
    assert!(of_file.last().unwrap().message.ends_with(" more in this file"));
}

#[test]
fn a_mended_store_goes_on() {
    let clean = clean();
    for (code, plant, ..) in FAULTS {
        if matches!(*code, "separator_in_body" | "temporary_left" | "journal_damaged" | "relation_of_another") {
            plant(&clean);
        }
    }
    assert!(clean.bench.apply(saying(clean.a, "x")).is_err(), "a damaged journal holds writers up");
    clean.bench.store.mend(&author()).unwrap();
    assert_eq!(clean.bench.store.doctor().unwrap().problems, []);
    clean.bench.store.apply(&Request::new(saying(clean.a, "x"), author())).unwrap();
    assert!(clean.bench.path(".store/journal.damaged-1").exists());
}
