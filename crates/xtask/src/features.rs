//! Proof that `worker-runtime` builds with exactly what its features ask for.
//!
//! Owns which crates belong to which feature. What cargo says is read by [`intruders`], which is
//! pure; a test plants a crate and sees it found.

use crate::Problems;
use std::path::Path;
use std::process::Command;

const FEATURES: [&str; 3] = ["fs-store", "http-server", "ws-server"];

/// Crates of the network: none of them without a server. A `*` stands for any end.
const NETWORK: &[&str] = &[
    "yoi-edge",
    "axum*",
    "hyper",
    "hyper-util",
    "http",
    "http-body*",
    "httparse",
    "tower*",
    "tungstenite",
    "tokio-tungstenite",
    "rustls*",
    "tokio-rustls",
    "reqwest",
];

/// Crates of WebSocket: only with `ws-server`, which stands on an HTTP upgrade.
const WEB_SOCKET: &[&str] = &["tungstenite", "tokio-tungstenite"];

/// Crates of the file store. Compressed messages of WebSocket need the same checksum.
const FILES: &[&str] = &["crc32fast"];

/// Crates of plugins: only with `plugins`, which nothing else brings along.
const PLUGINS: &[&str] = &["wasmtime*", "cranelift*", "wasmparser", "yoi-plugin*", "yoi-manifest"];

/// Crates of agents: only with `agents`, which nothing else brings along.
const AGENTS: &[&str] = &["yoi-agents", "genai", "rmcp", "agent-client-protocol*", "cap-std", "landlock"];

/// The command line, which stands on all the others.
const COMMAND_LINE: [&str; 4] = ["fs-store", "http-server", "ws-server", "cli"];

fn is_one_of(name: &str, patterns: &[&str]) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == *pattern,
    })
}

/// The crates in the output of `cargo tree --prefix none` that `on` does not ask for.
fn intruders(on: &[&str], tree: &str) -> Vec<String> {
    let has = |feature| on.contains(&feature);
    let forbidden = |name: &str| {
        (!has("http-server") && !has("ws-server") && is_one_of(name, NETWORK))
            || (!has("ws-server") && is_one_of(name, WEB_SOCKET))
            || (!has("plugins") && is_one_of(name, PLUGINS))
            || (!has("agents") && is_one_of(name, AGENTS))
            || (!has("fs-store") && !has("ws-server") && is_one_of(name, FILES))
    };
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    let mut found: Vec<_> = names.filter(|name| forbidden(name)).map(str::to_owned).collect();
    found.sort();
    found.dedup();
    found
}

/// Every set of the features.
fn combinations() -> impl Iterator<Item = Vec<&'static str>> {
    let is_in = |set: u32, i: usize| set & (1 << i) != 0;
    (0..1 << FEATURES.len()).map(move |set| {
        let chosen = FEATURES.iter().enumerate().filter(|(i, _)| is_in(set, *i));
        chosen.map(|(_, feature)| *feature).collect()
    })
}

/// What is wrong with the eight combinations, and with the command line.
pub fn check(root: &Path) -> Problems {
    let mut problems = Problems::new();
    for on in combinations() {
        let joined = on.join(",");
        let name = if on.is_empty() { "no features" } else { &joined };
        match cargo(root, &["tree", "-e", "normal", "--prefix", "none", "-f", "{p}"], &joined) {
            Ok(tree) if !tree.starts_with("worker-runtime ") => {
                problems.push(format!("{name}: cargo tree shows no worker-runtime"));
            }
            Ok(tree) => {
                problems.extend(intruders(&on, &tree).into_iter().map(|i| format!("{name}: {i} is in the tree")))
            }
            Err(error) => problems.push(format!("{name}: {error}")),
        }
        match cargo(root, &["check", "--quiet"], &joined) {
            Ok(_) => println!("{name}: checked"),
            Err(error) => problems.push(format!("{name}: {error}")),
        }
    }
    problems.extend(check_command_line(root));
    problems
}

/// What is wrong with the command line: without plugins it has no WebAssembly, without agents no
/// client of providers, and with them it has.
fn check_command_line(root: &Path) -> Problems {
    let mut problems = Problems::new();
    let tree = |features: &str| cargo(root, &["tree", "-e", "normal", "--prefix", "none", "-f", "{p}"], features);
    match (tree("cli"), tree("plugins")) {
        (Ok(without), Ok(with)) => {
            let found = intruders(&COMMAND_LINE, &without);
            problems.extend(found.into_iter().map(|i| format!("cli: {i} is in the tree")));
            if intruders(&COMMAND_LINE, &with).is_empty() {
                problems
                    .push("plugins: there is no WebAssembly in the tree, so that nothing here is proved".to_owned());
            }
        }
        (Err(error), _) | (_, Err(error)) => problems.push(format!("cli: {error}")),
    }
    match tree("agents") {
        Ok(with) if intruders(&COMMAND_LINE, &with).is_empty() => {
            problems.push("agents: there is no agent in the tree, so that nothing here is proved".to_owned());
        }
        Ok(with) => problems.extend(foreign_tls(&with).map(|i| format!("agents: {i} is in the tree"))),
        Err(error) => problems.push(format!("agents: {error}")),
    }
    match cargo(root, &["check", "--quiet"], "cli") {
        Ok(_) => println!("cli: checked"),
        Err(error) => problems.push(format!("cli: {error}")),
    }
    problems
}

/// Cryptography that is not ours: one TLS stack is enough.
fn foreign_tls(tree: &str) -> impl Iterator<Item = &str> {
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| is_one_of(name, &["openssl", "openssl-sys", "native-tls", "aws-lc*"]))
}

/// What cargo prints for worker-runtime with these features alone.
fn cargo(root: &Path, args: &[&str], features: &str) -> Result<String, String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root).args(args);
    command.args(["-p", "worker-runtime", "--no-default-features", "--features", features]);
    let output = command.output().map_err(|e| format!("cargo does not start: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("cargo {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim_end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "worker-runtime v0.1.0 (/x/crates/worker-runtime)\nbytes v1.11.0\nserde v1.0.2 (*)\n";

    #[test]
    fn a_planted_crate_is_found() {
        assert_eq!(intruders(&[], TREE), Vec::<String>::new());
        for (plant, allowed) in [
            ("hyper v1.0.0", vec!["http-server", "ws-server"]),
            ("http-body-util v0.1.3 (*)", vec!["http-server", "ws-server"]),
            ("yoi-edge v0.1.0 (/x/crates/edge)", vec!["http-server", "ws-server"]),
            ("tower-service v0.3.3", vec!["http-server", "ws-server"]),
            ("rustls v0.23.0", vec!["http-server", "ws-server"]),
            ("tungstenite v0.29.0", vec!["ws-server"]),
            ("tokio-tungstenite v0.29.0", vec!["ws-server"]),
            ("crc32fast v1.5.0", vec!["fs-store", "ws-server"]),
            ("wasmtime-environ v48.0.8", vec![]),
            ("yoi-plugins v0.1.0 (/x/crates/plugins)", vec![]),
            ("genai v0.7.2", vec![]),
            ("yoi-agents v0.1.0 (/x/crates/agents)", vec![]),
        ] {
            let tree = format!("{TREE}{plant}\n{plant}\n");
            let name = plant.split(' ').next().unwrap().to_owned();
            for on in combinations() {
                let expected = if allowed.iter().any(|f| on.contains(f)) { vec![] } else { vec![name.clone()] };
                assert_eq!(intruders(&on, &tree), expected, "{plant} with {on:?}");
            }
        }
    }

    #[test]
    fn webassembly_comes_with_plugins_only() {
        let tree = format!("{TREE}wasmtime v48.0.8\n");
        assert_eq!(intruders(&COMMAND_LINE, &tree), ["wasmtime"]);
        assert!(intruders(&[&COMMAND_LINE[..], &["plugins"]].concat(), &tree).is_empty());
    }

    #[test]
    fn every_combination_is_checked_once() {
        let all: std::collections::BTreeSet<_> = combinations().collect();
        assert_eq!(all.len(), 8);
    }
}
