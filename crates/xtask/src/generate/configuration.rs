//! `docs/configuration.md`: every setting of the programs that serve.
//!
//! Owns the words that both have in common; each one's settings are its own table's.

const HEAD: &str = "\
# Configuration

<!-- Made from the tables of settings in `workspace-server` and `worker-runtime` by `cargo run -p xtask -- generate`. Edit those instead. -->

The backend (`yoi serve`) and a runtime (`worker-runtime`, `yoi runtime serve`) are set in the same way, each in a file of its own.
A setting is taken from the first of these that has it: its flag, its variable, the file, the default.
`config show` tells each value and where it comes from, secrets masked.

Relative paths in a file begin at the workspace, the folder that holds `.yoi` (or at the file's own
folder where that is not `.yoi`); those in flags and variables begin at the current folder. What a
file says that is no setting is refused with its line and column, and all that is wrong is told at
once, before anything is opened or bound; the program ends with 2 then.

Sizes are written `65536`, `512KiB`, `8MiB`, `1GiB`; times `200ms`, `30s`, `5m`, `2h`, `30d`; yes and no `true` and `false`, or `on` and
`off`; lists `[\"a\", \"b\"]` in a file and `a,b` elsewhere. A secret stands somewhere else: `{ env = \"NAME\" }` or `{ file = \"PATH\" }`.

";

/// The whole page.
pub fn page() -> String {
    let (backend, runtime) = (yoi_workspace_server::config::reference(), worker_runtime::cli::reference());
    format!("{HEAD}{backend}\n{runtime}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_have_their_part_and_their_own_variables() {
        let page = page();
        let headings: Vec<_> = page.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(headings, ["## The backend: `workspace.toml`", "## A runtime: `runtime.toml`"]);
        for variable in ["YOI_WORKSPACE_LISTEN", "YOI_LISTEN"] {
            assert_eq!(page.matches(&format!("`{variable}`")).count(), 1, "{variable}");
        }
    }
}
