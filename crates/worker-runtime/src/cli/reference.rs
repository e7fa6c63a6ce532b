//! The reference of a runtime's settings, as a part of a page.
//!
//! Owns the text around the table; `docs/configuration.md` is made from it, and a check tells when
//! the two differ. Must not read any setting.

use super::keys::TABLE;

const HEAD: &str = "\
## A runtime: `runtime.toml`

What `worker-runtime` and `yoi runtime serve` take. The file is the one that `--config` or
`YOI_CONFIG` names, else `.yoi/runtime.toml` where it exists. `yoi serve` takes `runtime_id` and the
groups Workers, Store and Plugins for its embedded runtime, and the profiles, from the same variables and the
same file, which `--runtime-config` names there; the backend's own settings stand for the rest.
";

const PROFILES: &str = r#"
### Profiles

A profile is what a worker is made with. `echo` and `demo` are built in; a table of the same name
replaces one of them. Each has `executor` and may have a `description`.

```toml
[profiles.slow]
executor = "echo"            # says back what it is told
pause = "100ms"
words_per_delta = 1

[profiles.session]
executor = "replay"          # plays a recorded session
file = "sessions/fix.jsonl"
speed = "recorded"           # or "max", or a number: 2 is twice as fast
max_pause = "2s"
approvals = "recorded"       # or "ask": a person answers

[profiles.agent]
executor = "process"         # runs a program; no shell reads the command
command = ["my-agent", "--stdio"]
mode = "json-lines"          # or "text"
lifetime = "kept"            # or "per-run"
input = "json-line"          # or "text"; follows `mode` where absent
time_limit = "30m"
kill_after = "5s"
# run_end = { marker = "END" } or { quiet = "2s" }: only for "kept" with "text"

[profiles.agent.env]
LANG = "C.UTF-8"
API_KEY = { env = "AGENT_API_KEY" }   # or { file = "secrets/key" }
```
"#;

/// The reference of every setting of a runtime, as Markdown, from the second level of headings.
#[must_use]
pub fn reference() -> String {
    format!("{HEAD}{}{PROFILES}", yoi_settings::reference(&TABLE, 3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::ServeArgs;
    use crate::cli::resolve::resolve;
    use std::path::Path;

    #[test]
    fn names_every_setting() {
        let page = reference();
        for key in TABLE.keys {
            assert!(page.contains(&format!("`{}`", key.env)), "{}", key.name);
        }
    }

    #[test]
    fn its_profiles_are_read() {
        let (_, toml) = PROFILES.split_once("```toml\n").unwrap();
        let (toml, _) = toml.split_once("```").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("example.toml");
        std::fs::write(&file, toml).unwrap();
        let environment = |name: &str| (name == "AGENT_API_KEY").then(|| "key".to_owned());
        let resolved = resolve(&ServeArgs::default().with_file(file), &environment, Path::new("/nowhere")).unwrap();
        let names: Vec<_> = resolved.settings.profiles.iter().map(|p| p.profile.name()).collect();
        assert_eq!(names, ["echo", "demo", "agent", "session", "slow"]);
    }
}
