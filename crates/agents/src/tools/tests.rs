//! Each tool, called as a model calls it.

use super::*;
use std::time::{Duration, Instant};

struct Place {
    _around: tempfile::TempDir,
    workdir: Workdir,
    shell: ShellOptions,
}

impl Place {
    fn new() -> Place {
        let around = tempfile::tempdir().unwrap();
        std::fs::write(around.path().join("secret"), "canary").unwrap();
        let root = around.path().join("work");
        std::fs::create_dir_all(root.join("src/deep")).unwrap();
        std::fs::create_dir(root.join(".git")).unwrap();
        std::fs::write(root.join(".git/config"), "needle").unwrap();
        std::fs::write(root.join("src/a.rs"), "fn a() {}\n// needle\nfn b() {}\n").unwrap();
        std::fs::write(root.join("src/deep/b.rs"), "// NEEDLE here\n").unwrap();
        std::fs::write(root.join("binary"), b"needle\0").unwrap();
        std::os::unix::fs::symlink("../../secret", root.join("src/link.rs")).unwrap();
        let workdir = Workdir::open(&root).unwrap();
        Place { _around: around, workdir, shell: ShellOptions::default() }
    }

    async fn call(&self, tool: &str, arguments: Value) -> Answer {
        let tool = BuiltIn::named(tool).unwrap();
        tool.call(arguments, &self.workdir, &self.shell, &CancellationToken::new()).await
    }
}

#[tokio::test]
async fn files_are_read_written_and_changed() {
    let place = Place::new();
    let read = place.call("read", json!({"path": "src/a.rs", "offset": 2, "limit": 1})).await;
    assert_eq!(read.text, "     2\t// needle\n[lines 2 to 2 of 3; go on with offset 3]\n");
    let written = place.call("write", json!({"path": "new/file.txt", "content": "one two two\n"})).await;
    assert_eq!((written.text.as_str(), written.is_error), ("new/file.txt is made: 12 bytes", false));
    assert_eq!(written.shown.len(), 1);
    let twice = place.call("edit", json!({"path": "new/file.txt", "old": "two", "new": "2"})).await;
    assert!(twice.is_error && twice.text.contains("2 times"), "{}", twice.text);
    place.call("edit", json!({"path": "new/file.txt", "old": "two", "new": "2", "all": true})).await;
    assert_eq!(place.workdir.read("new/file.txt", 100).unwrap(), "one 2 2\n");
    for (tool, arguments, words) in [
        ("edit", json!({"path": "src/a.rs", "old": "nowhere", "new": "x"}), "does not stand in"),
        ("edit", json!({"path": "src/a.rs", "old": "", "new": "x"}), "is empty"),
        ("read", json!({"path": "src/a.rs", "offset": 9}), "has 3 lines"),
        ("read", json!({"path": "src"}), "is not a file"),
        ("read", json!({"path": "../secret"}), "outside of the working folder"),
        ("read", json!({"path": "src/link.rs"}), "outside of the working folder"),
        ("write", json!({"path": "src/link.rs", "content": "x"}), "outside of the working folder"),
        ("read", json!({"file": "x"}), "the arguments of `read` do not fit: unknown field `file`"),
        ("write", json!(7), "the arguments of `write` do not fit"),
    ] {
        let answer = place.call(tool, arguments).await;
        assert!(answer.is_error && answer.text.contains(words), "{}", answer.text);
    }
}

#[tokio::test]
async fn finding_follows_no_link_and_leaves_git_out() {
    let place = Place::new();
    assert_eq!(place.call("glob", json!({"pattern": "**/*.rs"})).await.text, "src/a.rs\nsrc/deep/b.rs");
    assert_eq!(place.call("glob", json!({"pattern": "*.rs", "path": "src"})).await.text, "src/a.rs");
    assert_eq!(place.call("glob", json!({"pattern": "*.py"})).await.text, "no file has such a name");
    assert_eq!(place.call("grep", json!({"pattern": "needle"})).await.text, "src/a.rs:2:// needle");
    let both = place.call("grep", json!({"pattern": "needle", "ignore_case": true, "glob": "*.rs"})).await;
    assert_eq!(both.text, "src/a.rs:2:// needle\nsrc/deep/b.rs:1:// NEEDLE here");
    assert_eq!(place.call("grep", json!({"pattern": "canary"})).await.text, "no line matches");
    assert!(place.call("grep", json!({"pattern": "("})).await.text.contains("is no expression"));
    assert!(place.call("grep", json!({"pattern": "x", "path": "../"})).await.is_error);
}

#[tokio::test]
async fn a_command_runs_in_its_folder_within_bounds() {
    let place = Place::new();
    let answer = place.call("shell", json!({"command": "pwd; echo err >&2; echo $TMPDIR > t; exit 3"})).await;
    assert!(answer.is_error);
    // what comes over two pipes comes in either order
    let folder = format!("{}\n", place.workdir.root().display());
    let either = [format!("{folder}err\n[exit status 3]"), format!("err\n{folder}[exit status 3]")];
    assert!(either.contains(&answer.text), "{}", answer.text);
    let temporary = place.workdir.read("t", 1000).unwrap();
    assert!(!std::path::Path::new(temporary.trim()).exists(), "{temporary}");
    let outside = place.call("shell", json!({"command": "cat ../secret"})).await;
    assert!(outside.is_error && !outside.text.contains("canary"), "{}", outside.text);
    let much = place.call("shell", json!({"command": "yes | head -c 1000000; echo end"})).await;
    assert!(much.text.len() < bounds::ANSWER_BYTES + 200 && much.text.ends_with("end\n[exit status 0]"));
    assert!(much.text.contains("bytes are left out here"));
}

#[tokio::test]
async fn a_command_that_does_not_end_is_ended_with_its_children() {
    let mut place = Place::new();
    place.shell.time_limit = Duration::from_millis(300);
    let begun = Instant::now();
    let script = "(trap '' TERM; echo $$ > child; sleep 1000) & echo begun; sleep 1000";
    let answer = place.call("shell", json!({"command": script, "timeout_seconds": 99})).await;
    assert!(answer.is_error && answer.text.starts_with("begun\n[ended after 300ms"), "{}", answer.text);
    // what is left behind neither holds the answer up nor lives on
    let answer = place.call("shell", json!({"command": "sleep 1000 & echo $! > left; echo done"})).await;
    assert_eq!((answer.text.as_str(), answer.is_error), ("done\n[exit status 0]", false));
    assert!(begun.elapsed() < Duration::from_secs(20));
    let left = place.workdir.read("left", 100).unwrap();
    let state = || std::fs::read_to_string(format!("/proc/{}/stat", left.trim())).unwrap_or_default();
    while state().contains(" S ") {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", state());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
