//! Profiles of agents, as people write them.

use crate::cli::listing::{ProfileRow, profiles};
use std::path::Path;

/// The examples for people, each of which has to fit.
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/agents");

fn read(toml: &str) -> Result<Vec<ProfileRow>, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".yoi")).unwrap();
    std::fs::write(folder.path().join(".yoi/runtime.toml"), toml).unwrap();
    let environment = |name: &str| name.ends_with("_KEY").then(|| "sk-canary".to_owned());
    let read = profiles(&environment, folder.path());
    let name = format!("{}/.yoi/", folder.path().display());
    read.map(|(rows, _)| rows).map_err(|problems| problems.to_string().replace(&name, ""))
}

#[test]
fn every_example_fits() {
    let mut found = 0;
    for entry in std::fs::read_dir(Path::new(EXAMPLES)).unwrap().flatten() {
        let rows = read(&std::fs::read_to_string(entry.path()).unwrap());
        let rows = rows.unwrap_or_else(|words| panic!("{}: {words}", entry.path().display()));
        let agents = rows.iter().filter(|row| matches!(row.executor, "llm" | "acp"));
        assert_eq!(agents.count(), 1, "{}", entry.path().display());
        assert!(!format!("{rows:?}").contains("sk-canary"));
        found += 1;
    }
    assert_eq!(found, 10);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let told = read(
        "[profiles.a]\nexecutor = 'llm'\nprovider = 'anthropic'\nmodel = 'm'\n\
         [profiles.b]\nexecutor = 'llm'\nprovider = 'ollama'\nmodel = 'm'\ntools = ['read', 'fly']\ncost = 'much'\nallow = ['shell(']\n\
         [[profiles.b.mcp]]\nname = 'x'\n\
         [profiles.c]\nexecutor = 'acp'\ncommmand = ['x']\n\
         [profiles.d]\nexecutor = 'llm'\nprovider = 'nobody'\nmodel = 'm'\n\
         [profiles.e]\nexecutor = 'acp'\ncommand = ['x']\nsandbox = 'off'\nread_paths = ['/x']\n\
         [profiles.f]\nexecutor = 'llm'\nprovider = 'openai'\nmodel = 'm'\nkey = 'sk-canary-in-the-file'\n",
    );
    let told = told.unwrap_err();
    assert!(!told.contains("canary"), "{told}");
    insta::assert_snapshot!(told);
}
