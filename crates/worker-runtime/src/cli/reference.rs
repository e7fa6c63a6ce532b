//! The reference of settings, as a page.
//!
//! Owns the text around the table; `docs/configuration.md` is made from it, and a check tells when
//! the two differ. Must not read any setting.

use super::keys::{KEYS, Kind};
use std::fmt::Write;

const HEAD: &str = "\
# Configuration

<!-- Made by `cargo run -p xtask -- generate` from the table of settings in `worker-runtime`. Do not edit. -->

A runtime takes each setting from the first of these that has it: its flag, its variable, the file,
the default. `worker-runtime config show` tells each value and where it comes from, secrets masked.

The file is the one that `--config` or `YOI_CONFIG` names, else `.yoi/runtime.toml` where it exists.
Relative paths in it begin at the workspace, the folder that holds `.yoi` (or at the file's own
folder where that is not `.yoi`); those in flags and variables begin at the current folder. What the
file says that is no setting is refused with its line and column, and all that is wrong is told at
once, before anything is opened or bound; the program ends with 2 then.

Sizes are written `65536`, `512KiB`, `8MiB`, `1GiB`; times `200ms`, `30s`, `5m`, `2h`, `30d`.
";

const PROFILES: &str = r#"
## Profiles

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

/// The reference of every setting, as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut page = HEAD.to_owned();
    let mut group = "";
    for key in KEYS {
        if key.group != group {
            group = key.group;
            let _ = write!(page, "\n## {group}\n\n| setting | flag | variable | default | |\n|---|---|---|---|---|\n");
        }
        let default = if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
        let secret = if key.kind == Kind::Secret { " (secret)" } else { "" };
        let (name, flag, value, env, doc) = (key.name, key.flag, key.value, key.env, key.doc);
        let _ = writeln!(page, "| `{name}`{secret} | `--{flag} {value}` | `{env}` | {default} | {doc} |");
    }
    page.push_str(PROFILES);
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::file;
    use crate::cli::problems::Problems;
    use std::path::Path;

    #[test]
    fn names_every_setting() {
        let page = reference();
        for key in KEYS {
            assert!(page.contains(&format!("`{}`", key.env)), "{}", key.name);
        }
    }

    #[test]
    fn its_profiles_are_read() {
        let (_, toml) = PROFILES.split_once("```toml\n").unwrap();
        let (toml, _) = toml.split_once("```").unwrap();
        let mut problems = Problems::default();
        let environment = |name: &str| (name == "AGENT_API_KEY").then(|| "key".to_owned());
        let read = file::parse("example", toml, Path::new(""), &environment, &mut problems);
        assert_eq!(problems, Problems::default());
        assert_eq!(read.profiles.len(), 3);
    }
}
