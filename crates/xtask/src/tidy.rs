//! Checks of the tree that no compiler makes.
//!
//! Owns the rules; reads files and changes none. The checks of one file's text are pure.

use crate::Problems;
use std::fs;
use std::path::{Path, PathBuf};

/// A source file that is longer has a noun too many.
const MAX_LINES: usize = 800;

/// Folders in which nothing of ours is written by hand.
const SKIPPED: &[&str] = &["target", "node_modules", "dist", "corpus", "artifacts"];

/// Everything that is wrong with the tree under `root`.
pub fn check(root: &Path) -> Problems {
    let mut problems = Problems::new();
    let mut files = Vec::new();
    walk(root, &mut files);
    files.sort();
    for path in files {
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        let is_rust = path.extension().is_some_and(|e| e == "rs");
        let is_page = is_page(&name);
        if !is_rust && !is_page {
            continue;
        }
        match fs::read_to_string(&path) {
            Ok(text) if is_rust => problems.extend(rust(&name, &text)),
            Ok(text) => {
                let folder = path.parent().unwrap_or(root);
                let exists = |target: &str| folder.join(target).exists();
                problems
                    .extend(links(&text).filter(|l| !exists(l)).map(|l| format!("{name}: no file behind link `{l}`")));
                let lacks = |(file, test): &(&str, &str)| {
                    !fs::read_to_string(root.join(file)).is_ok_and(|source| has_test(&source, test))
                };
                let missing = named_tests(&text).filter(lacks);
                problems.extend(missing.map(|(file, test)| format!("{name}: there is no test `{file}::{test}`")));
            }
            Err(error) => problems.push(format!("{name}: {error}")),
        }
    }
    problems
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) => {
                walk(&entry.path(), files);
            }
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
}

/// Pages whose links people follow: every README, the pages at the root, and `docs/`.
fn is_page(name: &str) -> bool {
    name.ends_with(".md") && (!name.contains('/') || name.ends_with("/README.md") || name.starts_with("docs/"))
}

/// What is wrong with one Rust file.
fn rust(name: &str, text: &str) -> Problems {
    let mut problems = Problems::new();
    if !text.starts_with("//!") {
        problems.push(format!("{name}:1: begin with `//!`: what the file owns and what it must not do"));
    }
    let lines = text.lines().count();
    let mut folders = name.split('/');
    let in_src = folders.next() == Some("crates") && folders.nth(1) == Some("src");
    if in_src && lines > MAX_LINES {
        problems.push(format!("{name}: {lines} lines, more than {MAX_LINES}: split it by noun"));
    }
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.starts_with("#[allow") || line.starts_with("#![allow") || is_conditional_allow(line) {
            problems.push(format!("{name}:{}: use `#[expect(…, reason = \"…\")]`, not `allow`", number + 1));
        }
        if (line.starts_with("#[expect(") || line.starts_with("#![expect("))
            && line.ends_with(")]")
            && !line.contains("reason")
        {
            problems.push(format!("{name}:{}: say the `reason` of this `expect`", number + 1));
        }
    }
    problems
}

fn is_conditional_allow(line: &str) -> bool {
    (line.starts_with("#[cfg_attr(") || line.starts_with("#![cfg_attr(")) && line.contains(" allow(")
}

/// The relative targets of the Markdown links of a page, without fragments; code is skipped.
fn links(text: &str) -> impl Iterator<Item = String> {
    let mut fenced = false;
    let prose = text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    });
    prose.flat_map(targets).collect::<Vec<_>>().into_iter()
}

fn targets(line: &str) -> Vec<String> {
    let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("``");
    let inline = prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let defined = prose.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target.trim());
    let is_relative =
        |t: &&str| !t.is_empty() && !t.starts_with('#') && !t.contains("://") && !t.starts_with("mailto:");
    let without_fragment = |t: &str| t.split('#').next().unwrap_or(t).trim_matches(['<', '>']).to_owned();
    inline.chain(defined).filter(is_relative).map(without_fragment).collect()
}

/// The tests that a page names: `file.rs::function`, in backticks.
fn named_tests(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let code = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    code.filter_map(|code| code.split_once("::")).filter(|(file, test)| {
        let is_name = !test.is_empty() && test.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        file.ends_with(".rs") && file.contains('/') && is_name
    })
}

/// Whether a file has a test of this name: a function below an attribute that makes it one.
fn has_test(source: &str, name: &str) -> bool {
    let mut is_test = false;
    source.lines().map(str::trim).any(|line| {
        if let Some(attribute) = line.strip_prefix("#[") {
            let path = attribute.split(['(', ']']).next().unwrap_or_default();
            is_test |= path.rsplit("::").next() == Some("test");
            return false;
        }
        let declared = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        let Some(declared) = declared else {
            // attributes and what stands between them and their function
            is_test &= line.is_empty() || line.starts_with("//");
            return false;
        };
        let rest = declared.strip_prefix(name).unwrap_or_default();
        std::mem::take(&mut is_test) && rest.starts_with('(')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rust_file_is_told_what_it_lacks() {
        assert_eq!(
            rust("crates/a/src/b.rs", "//! Owns b.\n#[expect(dead_code, reason = \"soon\")]\n"),
            Problems::new()
        );
        let found = rust("crates/a/src/b.rs", "fn f() {}\n  #[allow(dead_code)]\n#[expect(dead_code)]\n");
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[1].starts_with("crates/a/src/b.rs:2:"));
        assert_eq!(rust("a.rs", "//! a\n#[cfg_attr(test, allow(dead_code))]\n").len(), 1);
        let long = format!("//! a\n{}", "\n".repeat(MAX_LINES));
        assert_eq!((rust("crates/a/src/b/c.rs", &long).len(), rust("crates/a/tests/b.rs", &long).len()), (1, 0));
    }

    #[test]
    fn links_are_found_outside_code() {
        let page = "[a](b.md#x) and [c](https://d/) `[e](f)`\n```\n[g](h)\n```\n[i]: j/k.md\n![l](m.png \"t\") [n](#o)";
        assert_eq!(links(page).collect::<Vec<_>>(), ["b.md", "j/k.md", "m.png"]);
        assert!(is_page("README.md") && is_page("docs/adr/1.md") && is_page("crates/a/README.md"));
        assert!(!is_page("crates/a/notes.md") && !is_page("docs/a.rs"));
    }

    #[test]
    fn a_test_that_a_page_names_is_looked_for() {
        let page = "| 1 | `crates/a/b.rs::c` · `d/e.rs::f` | `Foo::bar` and `a.rs::g`, `x/y.rs::h(1)` |";
        assert_eq!(named_tests(page).collect::<Vec<_>>(), [("crates/a/b.rs", "c"), ("d/e.rs", "f")]);
        let source = "//! x\n#[test]\nfn plain() {}\n    #[tokio::test(start_paused = true)]\n    async fn paused() {}\n\
                      fn helper() {}\n#[test]\n#[ignore = \"later\"]\n// why\nfn two() {}\n#[test]\nfn plainer() {}\n\
                      #[cfg(test)]\nmod tests;\nfn after() {}\n// fn commented() {}\n#[test_log]\nfn other() {}";
        for (name, is_test) in [
            ("plain", true),
            ("paused", true),
            ("two", true),
            ("plainer", true),
            ("helper", false),
            ("plaine", false),
            ("after", false),
            ("commented", false),
            ("other", false),
            ("nobody", false),
        ] {
            assert_eq!(has_test(source, name), is_test, "{name}");
        }
    }
}
