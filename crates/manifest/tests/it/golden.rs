//! Files that are good, and files that are not with what is said about them.

use manifest::{Grants, Manifest};
use std::path::{Path, PathBuf};

fn files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let named = files.into_iter().map(|path| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(path).unwrap())
    });
    named.collect()
}

/// A file is a workspace's where its name says so.
fn read(name: &str, text: &str) -> Result<(), String> {
    if name.starts_with("grants") {
        Grants::parse(text).map(|_| ()).map_err(|problems| problems.to_string())
    } else {
        Manifest::parse(text).map(|_| ()).map_err(|problems| problems.to_string())
    }
}

#[test]
fn good_files_are_read() {
    for (name, text) in files("valid") {
        read(&name, &text).unwrap_or_else(|problems| panic!("{name}: {problems}"));
        if !name.starts_with("grants") {
            let manifest = Manifest::parse(&text).unwrap();
            let printed = manifest.to_toml();
            assert_eq!(Manifest::parse(&printed).as_ref(), Ok(&manifest), "{printed}");
        }
    }
}

#[test]
fn of_bad_files_everything_is_said_with_its_place() {
    for (name, text) in files("invalid") {
        let problems = read(&name, &text).expect_err(&name);
        assert!(!problems.contains("hunter2"), "{name} tells a secret");
        insta::assert_snapshot!(name, problems);
    }
}
