//! Records of another checkout.

use crate::support::{Bench, author, files, saying};
use std::os::unix::fs::symlink;
use ticket::store::Verdict;

#[test]
fn records_come_whole_and_nothing_is_overwritten() {
    let (there, here) = (Bench::new(), Bench::new());
    let [a, b, c, d] = ["A", "B", "C", "D"].map(|title| there.new_ticket(title));
    std::fs::create_dir_all(there.path(&format!("{a}/artifacts/logs"))).unwrap();
    std::fs::write(there.path(&format!("{a}/artifacts/logs/x.bin")), b"\xff\0").unwrap();
    std::fs::write(there.path("notes.txt"), "x").unwrap();
    // the clocks are the same, and so are the first tickets
    let same = here.store.import(&there.path(&b.to_string()), &author()).unwrap();
    assert_eq!(same.records.iter().map(|record| record.verdict).collect::<Vec<_>>(), [Verdict::New]);
    there.apply(saying(b, "more")).unwrap();
    std::fs::write(there.path(&format!("{c}/item.md")), "nothing").unwrap();
    symlink("/etc/passwd", there.path(&format!("{d}/secret"))).unwrap();
    let before = files(here.folder.path());

    let looked = here.store.look(there.store.path()).unwrap();
    assert_eq!(files(here.folder.path()), before);
    let verdicts: Vec<Verdict> = looked.records.iter().map(|record| record.verdict).collect();
    assert_eq!(verdicts, [Verdict::New, Verdict::Differs, Verdict::Refused, Verdict::Refused]);
    assert_eq!((looked.ignored, looked.applied), (vec!["notes.txt".to_owned()], false));

    let done = here.store.import(there.store.path(), &author()).unwrap();
    assert_eq!(done.records, looked.records);
    let took = |bench: &Bench, id: ticket::Id| files(&bench.path(&id.to_string()));
    assert_eq!(took(&here, a), took(&there, a));
    assert_ne!(took(&here, b), took(&there, b));
    assert!(!here.path(&c.to_string()).exists() && !here.path(&d.to_string()).exists());
    let again = here.store.import(there.store.path(), &author()).unwrap();
    assert_eq!(again.records[0].verdict, Verdict::Same);
}
