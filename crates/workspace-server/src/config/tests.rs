//! The configuration as people write it.
//!
//! Owns what is read of a file, what is refused together, and how it stands beside the embedded
//! runtime's settings in one command line.

use super::{ConfigArgs, Loaded, ProxyTls, keys, load, reference};
use crate::mirror::MirrorOptions;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use worker_runtime::cli::{EmbeddedArgs, embedded};
use yoi_access::audit::AuditTarget;
use yoi_access::{ClassId, Hide, ObservationPolicy, Observe, Roles, Sessions, Subject};
use yoi_settings::clap::{Args, Command, FromArgMatches};
use yoi_settings::{Problems, as_json, as_text};

const HASH: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn folder(toml: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(".yoi")).unwrap();
    std::fs::write(folder.path().join(".yoi/workspace.toml"), toml).unwrap();
    folder
}

fn environment(name: &str) -> Option<String> {
    matches!(name, "BOX_TOKEN" | "LAB_TOKEN").then(|| "hunter2".to_owned())
}

fn loaded(toml: &str, args: &ConfigArgs) -> Result<Loaded, Problems> {
    load(args, &environment, folder(toml).path())
}

fn read(toml: &str) -> Result<Loaded, Problems> {
    loaded(toml, &ConfigArgs::default())
}

#[test]
fn names_stand_once_and_defaults_are_the_libraries_own() {
    for of in [|k: &yoi_settings::Key<_>| k.name, |k: &yoi_settings::Key<_>| k.flag, |k: &yoi_settings::Key<_>| k.env] {
        assert_eq!(keys::KEYS.iter().map(of).collect::<BTreeSet<_>>().len(), keys::KEYS.len());
    }
    assert!(keys::LIVE.iter().all(|name| keys::TABLE.find(name).is_some()));
    let Loaded { config, warnings, .. } = load(&ConfigArgs::default(), &|_| None, Path::new("/nowhere")).unwrap();
    let edge = yoi_edge::Options::new(config.listen);
    assert_eq!(
        (config.max_connections, config.drain, config.body_bytes),
        (edge.max_connections, edge.drain, edge.body.bytes)
    );
    let (mirror, observation) = (MirrorOptions::default(), observation::Options::default());
    assert_eq!((config.mirror.linger, config.mirror.limits), (mirror.linger, mirror.limits));
    let of = |o: &observation::Options| (o.heartbeat, o.slow_after, o.max_connections);
    assert_eq!(of(&config.observation), of(&observation));
    assert_eq!((config.session_lifetime, config.embedded), (Sessions::LIFETIME, true));
    assert_eq!(config.cursor_keys, Path::new(".yoi/cursor_keys"));
    assert_eq!(config.tickets, Path::new(ticket::store::STORE));
    assert_eq!(config.listen.to_string(), "127.0.0.1:7070");
    assert!(!config.is_secure() && config.principals.is_empty());
    assert_eq!(warnings, ["there are no [[principals]]: whoever is on this machine may do everything"]);
}

#[test]
fn the_reference_s_example_is_read() {
    let (_, toml) = super::reference::SECTIONS.split_once("```toml\n").unwrap();
    let (toml, _) = toml.split_once("```").unwrap();
    let folder = folder(toml);
    std::fs::create_dir(folder.path().join("secrets")).unwrap();
    std::fs::write(folder.path().join("secrets/box"), "hunter2\n").unwrap();
    let ca = rcgen::generate_simple_self_signed(["box.example".to_owned()]).unwrap();
    std::fs::write(folder.path().join("secrets/ca.pem"), ca.cert.pem()).unwrap();
    let Loaded { config, report, .. } = load(&ConfigArgs::default(), &environment, folder.path()).unwrap();
    let ids: Vec<_> = config.runtimes.iter().map(|runtime| runtime.runtime_id.as_str()).collect();
    assert_eq!(ids, ["box", "lab"]);
    assert_eq!((config.runtimes[0].timeouts.request, config.runtimes[0].ca.is_some()), (Duration::from_secs(60), true));
    assert!(config.runtimes[1].pin.is_some());
    assert_eq!(config.cursor_keys, folder.path().join(".yoi/cursor_keys"));
    let policy = Roles::new(config.roles, &config.principals);
    let runtime_id = "box".parse().unwrap();
    let names: Vec<_> = config.principals.iter().map(|p| p.name().to_string()).collect();
    assert_eq!(names, ["ann", "screen@lobby"]);
    let screen = config.principals.by_token(b"secret").is_none();
    assert!(screen);
    let viewer = config.principals.by_name(&"screen@lobby".parse().unwrap()).unwrap();
    let sees = |labels: &[(&str, &str)]| {
        let labels = labels.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let worker_id = protocol::WorkerId::from_parts(1, 2);
        policy.observe(viewer, &Subject { runtime_id: &runtime_id, worker_id, labels: &labels })
    };
    let core = ("team", "core");
    assert_eq!(sees(&[]), Observe::Hidden);
    assert_eq!(sees(&[core, ("secret", "yes")]), Observe::Hidden);
    assert_eq!(sees(&[core, ("public", "yes")]), Observe::As(ClassId::everything()));
    let all = Hide::ALL.map(Hide::as_str).join("+");
    assert_eq!(sees(&[core]), Observe::As(ClassId::new(&format!("without {all}"))));
    let (text, json) = (as_text(&[&report]), as_json(&[&report]));
    assert!(!text.contains("hunter2") && !json.contains("hunter2") && !text.contains("9f86d0"));
    let place = folder.path().display().to_string();
    let shown: Vec<_> = text.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    insta::assert_snapshot!("show", shown.join("\n").replace(&place, "W"));
}

#[test]
fn everything_wrong_is_told_at_once() {
    let toml = format!(
        "lisen = 1\norigins = ['https://a/', 'b']\nproxy_tls = 'perhaps'\naudit = 3\n[rate]\ncommands_per_second = 0\n\
         [[runtimes]]\nid = 'A'\nurl = 'ftp://x'\ntoken = 'hunter2'\n[[runtimes]]\nid = 'a'\nurl = 'https://u:hunter2@x'\n\
         pin = 'x'\n[[runtimes]]\nid = 'b'\nurl = 'http://x'\n[[runtimes]]\nid = 'b'\nurl = 'http://y'\nca = 'nowhere'\n\
         timeout = 1\n[[principals]]\nname = 'ann'\nrole = 'boss'\ntoken_hash = 'hunter2'\n[[principals]]\nname = 'bob'\n\
         role = 'admin'\ntoken_hash = '{HASH}'\n[[principals]]\nname = 'eve'\nrole = 'admin'\ntoken_hash = '{HASH}'\n\
         labels = ['=x']\n[roles.viewer]\nredact = ['thoughts']\nhide = 'x'\n[roles.boss]\nredact = []\n\
         [[roles.admin.when]]\nlabels = ['a']\n"
    );
    let folder = folder(&toml);
    let problems = load(&ConfigArgs::default(), &environment, folder.path()).unwrap_err().to_string();
    assert!(!problems.contains("hunter2"), "{problems}");
    insta::assert_snapshot!("problems", problems.replace(&folder.path().display().to_string(), "W"));
}

#[test]
fn nobody_comes_from_elsewhere_unknown_or_in_the_clear() {
    let principal = format!("[[principals]]\nname = 'ann'\nrole = 'admin'\ntoken_hash = '{HASH}'\n");
    let told = |toml: &str| {
        read(toml).map(|loaded| loaded.config.is_secure()).map_err(|problems| {
            let has = |words: &str| problems.to_string().contains(words);
            (has("there must be [[principals]]"), has("`tls.cert` and `tls.key` must be set"))
        })
    };
    assert_eq!(told("listen = '0.0.0.0:1'"), Err((true, true)));
    assert_eq!(told("listen = '0.0.0.0:1'\nproxy_tls = true"), Err((true, false)));
    assert_eq!(told(&format!("listen = '0.0.0.0:1'\n{principal}")), Err((false, true)));
    assert_eq!(told(&format!("listen = '[::]:1'\nproxy_tls = true\n{principal}")), Ok(true));
    assert_eq!(told("listen = '[::1]:1'"), Ok(false));
    assert_eq!(told(&format!("listen = '[::1]:1'\n{principal}")), Ok(false));
    assert_eq!(told("proxy_tls = true"), Err((true, false)), "the proxy is reached from elsewhere");
    // one that is wrong is told by itself
    let told = read("listen = '0.0.0.0:1'\nproxy_tls = true\n[[principals]]\nname = 'ann'\n").unwrap_err().to_string();
    assert!(told.contains("`principals[0].role` is missing") && !told.contains("there must be"), "{told}");
}

#[test]
fn a_certificate_is_read_before_anything_is_bound() {
    let folder = folder("tls = { cert = 'cert.pem', key = 'key.pem' }\n");
    let read = || load(&ConfigArgs::default(), &environment, folder.path());
    assert!(read().unwrap_err().to_string().contains("`tls.cert`"));
    let made = rcgen::generate_simple_self_signed(["box.example".to_owned()]).unwrap();
    std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.path().join("key.pem"), "hunter2").unwrap();
    let problems = read().unwrap_err().to_string();
    assert!(problems.contains("`tls.cert` and `tls.key`: ") && !problems.contains("hunter2"), "{problems}");
    std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    assert!(read().unwrap().config.is_secure());
    std::fs::write(folder.path().join(".yoi/workspace.toml"), "tls = { cert = 'cert.pem' }\n").unwrap();
    assert!(read().unwrap_err().to_string().contains("go together"));
}

#[test]
fn what_the_operator_should_know_is_told() {
    let toml = "embedded = false\n[[runtimes]]\nid = 'a'\nurl = 'http://box.example:1'\ntoken = { env = 'BOX_TOKEN' }\n\
                [[runtimes]]\nid = 'b'\nurl = 'http://127.0.0.1:1'\ntoken = { env = 'BOX_TOKEN' }\n";
    let warnings = read(toml).unwrap().warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("`runtimes[0].url` has no TLS"), "{warnings:?}");
    assert!(read("embedded = false").unwrap().warnings.iter().any(|w| w.contains("there will be no workers")));
}

#[test]
fn what_counts_only_after_a_restart_is_named() {
    let before = read("session_lifetime = '1h'").unwrap();
    assert_eq!(before.needs_restart(&before), Vec::<&str>::new());
    let args = ConfigArgs::default().with("cursor_keys", before.config.cursor_keys.display().to_string());
    let toml = "session_lifetime = '2h'\nlisten = '127.0.0.1:1'\nheartbeat = '3s'\n[rate]\nmax_streams = 3\n";
    assert_eq!(loaded(toml, &args).unwrap().needs_restart(&before), ["listen", "heartbeat"]);
}

#[test]
fn the_audit_log_goes_where_it_is_told() {
    let folder = folder("audit = 'log/audit'\n");
    let of = |args: &ConfigArgs| load(args, &environment, folder.path()).unwrap().config.audit;
    let at = |path| Some(AuditTarget::File(path));
    assert_eq!(of(&ConfigArgs::default()), at(folder.path().join("log/audit")));
    assert_eq!(of(&ConfigArgs::default().with("audit", "stderr")), Some(AuditTarget::Stderr));
    assert_eq!(of(&ConfigArgs::default().with("audit", "off")), None);
    assert_eq!(read("audit = 'off'").unwrap().config.audit, None);
    assert_eq!(read("").unwrap().config.audit, at(".yoi/audit.jsonl".into()));
    assert_eq!(read("proxy_tls = false").unwrap().config.proxy_tls, ProxyTls::No);
}

#[test]
fn it_stands_beside_the_embedded_runtime_in_one_command_line() {
    let command = EmbeddedArgs::augment_args(ConfigArgs::augment_args(Command::new("serve")));
    command.clone().debug_assert();
    insta::assert_snapshot!("help", command.clone().term_width(100).render_help());
    let folder = folder("listen = '127.0.0.1:1'\n");
    std::fs::write(folder.path().join(".yoi/runtime.toml"), "store = 'memory'\n[profiles.mine]\nexecutor = 'echo'\n")
        .unwrap();
    let given = ["serve", "--heartbeat", "1s", "--max-workers", "3", "--proxy-tls=off", "--embedded"];
    let matches = command.try_get_matches_from(given).unwrap();
    let config = ConfigArgs::from_arg_matches(&matches).unwrap();
    let runtime = EmbeddedArgs::from_arg_matches(&matches).unwrap();
    let loaded = load(&config, &environment, folder.path()).unwrap();
    let runtime = embedded(&runtime, &environment, folder.path()).unwrap();
    assert_eq!((loaded.config.observation.heartbeat, loaded.config.embedded), (Duration::from_secs(1), true));
    let (mine, theirs) = (&loaded.report, runtime.report());
    let names: BTreeSet<_> = mine.origins.iter().chain(&theirs.origins).map(|origin| origin.key).collect();
    assert_eq!(names.len(), mine.origins.len() + theirs.origins.len());
    let text = as_text(&[mine, theirs]);
    for line in ["# the backend", "# the embedded runtime", "max_workers = 3", "profiles.mine = echo"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let json: serde_json::Value = serde_json::from_str(&as_json(&[mine, theirs])).unwrap();
    assert_eq!(json["settings"][0]["table"], "the backend");
    let page = reference();
    assert!(keys::KEYS.iter().all(|key| page.contains(&format!("`{}`", key.env))));
}
