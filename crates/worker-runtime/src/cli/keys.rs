//! The table of settings.
//!
//! Owns every setting's name, flag, variable, default, words and meaning; `--help`, `config show`,
//! the reference and the reading of files all follow from it. Must not read any source.

use super::profiles::PROFILES;
use super::settings::Settings;
use crate::store::fs::Durability;
use std::path::PathBuf;
use yoi_settings::values::{address, bytes, count, duration, memory, word};
use yoi_settings::{File, Table, logging};

yoi_settings::keys! { pub(super) KEYS: Settings;
    ["Server"]
    "runtime_id", "runtime-id", "YOI_RUNTIME_ID", "local", "ID", Plain,
        |s, t| { s.runtime_id = Some(t.parse().map_err(|e: protocol::IdError| format!("does not fit: {e}"))?); Ok(()) },
        "The runtime's identity, unique in a workspace";
    "listen", "listen", "YOI_LISTEN", "127.0.0.1:7071", "ADDRESS", Plain,
        |s, t| { s.server.listen = address(t)?; Ok(()) },
        "Where to listen; port 0 takes any that is free. On another address than loopback a token is needed";
    "token", "token-file", "YOI_TOKEN", "", "FILE", Secret,
        |s, t| { s.token = Some(crate::server::Token::new(t).map_err(|e| format!("does not fit: {e}"))?); Ok(()) },
        "What callers show as `Authorization: Bearer`: the flag names a file, the variable is the token itself, runtime.toml refers to it as { env = \"NAME\" } or { file = \"PATH\" }";
    "tls.cert", "tls-cert", "YOI_TLS_CERT", "", "FILE", Path,
        |s, t| { s.tls_cert = Some(PathBuf::from(t)); Ok(()) },
        "Certificates (PEM), the server's own first; with `tls.key` the server speaks HTTPS";
    "tls.key", "tls-key", "YOI_TLS_KEY", "", "FILE", Path,
        |s, t| { s.tls_key = Some(PathBuf::from(t)); Ok(()) },
        "The certificate's private key (PEM)";
    "body_limit", "body-limit", "YOI_BODY_LIMIT", "4MiB", "SIZE", Plain,
        |s, t| { s.server.body_bytes = memory(t)?; Ok(()) },
        "The most bytes of a request's body";
    "max_connections", "max-connections", "YOI_MAX_CONNECTIONS", "10000", "N", Plain,
        |s, t| { s.server.max_connections = count(t)?; Ok(()) },
        "The most connections at once, without those that watch over WebSocket";
    "drain", "drain", "YOI_DRAIN", "10s", "TIME", Plain,
        |s, t| { s.server.drain = duration(t)?; Ok(()) },
        "How long everything may take to end after the first signal";
    ["Observation"]
    "heartbeat", "heartbeat", "YOI_HEARTBEAT", "15s", "TIME", Plain,
        |s, t| { s.server.observation.heartbeat = duration(t)?; Ok(()) },
        "Time between heartbeats of an idle stream";
    "slow_after", "slow-after", "YOI_SLOW_AFTER", "30s", "TIME", Plain,
        |s, t| { s.server.observation.slow_after = duration(t)?; Ok(()) },
        "A connection that takes nothing for so long is closed";
    "max_watchers", "max-watchers", "YOI_MAX_WATCHERS", "100000", "N", Plain,
        |s, t| { s.server.observation.max_connections = count(t)?; Ok(()) },
        "The most WebSockets that watch at once";
    ["Workers"]
    "max_workers", "max-workers", "YOI_MAX_WORKERS", "10000", "N", Plain,
        |s, t| { s.max_workers = count(t)?; Ok(()) },
        "The most workers";
    "default_profile", "default-profile", "YOI_DEFAULT_PROFILE", "echo", "NAME", Plain,
        |s, t| { s.default_profile = t.to_owned(); Ok(()) },
        "The profile of a worker that names none: `echo`, `demo`, or one of the file's [profiles.NAME]";
    "log.max_events", "log-max-events", "YOI_LOG_MAX_EVENTS", "10000", "N", Plain,
        |s, t| { s.limits.max_events = count(t)?; Ok(()) },
        "The most events of each worker kept in memory";
    "log.max_bytes", "log-max-bytes", "YOI_LOG_MAX_BYTES", "16MiB", "SIZE", Plain,
        |s, t| { s.limits.max_bytes = memory(t)?; Ok(()) },
        "The most bytes of each worker's events kept in memory";
    ["Store"]
    "store", "store", "YOI_STORE", ".yoi/runtime", "FOLDER", PathOr("memory"),
        |s, t| { s.store = (t != "memory").then(|| PathBuf::from(t)); Ok(()) },
        "The folder that keeps workers across restarts; `memory` keeps nothing";
    "durability", "durability", "YOI_DURABILITY", "interval", "WORD", Plain,
        |s, t| {
            let words = [Durability::Always, Durability::Interval, Durability::Never].map(|d| (d.as_str(), d));
            s.fs.durability = word(t, &words)?;
            Ok(())
        },
        "When events are forced onto the disk: `always`, `interval` (accepted inputs at once) or `never`";
    "sync_interval", "sync-interval", "YOI_SYNC_INTERVAL", "200ms", "TIME", Plain,
        |s, t| { s.fs.sync_interval = duration(t)?; Ok(()) },
        "How often, with `durability = \"interval\"`";
    "segment_size", "segment-size", "YOI_SEGMENT_SIZE", "8MiB", "SIZE", Plain,
        |s, t| { s.fs.segment_bytes = bytes(t)?; Ok(()) },
        "The size at which a new file of events is begun";
    "retention_size", "retention-size", "YOI_RETENTION_SIZE", "256MiB", "SIZE", Plain,
        |s, t| { s.fs.retention_bytes = bytes(t)?; Ok(()) },
        "The most bytes of events kept for each worker";
    "retention_age", "retention-age", "YOI_RETENTION_AGE", "30d", "TIME", Plain,
        |s, t| { s.fs.retention_age = duration(t)?; Ok(()) },
        "How long events are kept";
    ["Plugins"]
    "plugins", "plugins", "YOI_PLUGINS", ".yoi/plugins", "FOLDER", Path,
        |s, t| { s.plugins = PathBuf::from(t); Ok(()) },
        "The folder of plugins: ID/plugin.toml is a package, ID.json what the plugin is configured with";
    "plugin_grants", "plugin-grants", "YOI_PLUGIN_GRANTS", ".yoi/plugins.toml", "FILE", Path,
        |s, t| { s.plugin_grants = PathBuf::from(t); Ok(()) },
        "Which plugins are enabled and what each may reach, as `yoi plugin grant` writes it; without the file none runs";
    "plugin_data", "plugin-data", "YOI_PLUGIN_DATA", ".yoi/plugin-data", "FOLDER", PathOr("memory"),
        |s, t| { s.plugin_data = (t != "memory").then(|| PathBuf::from(t)); Ok(()) },
        "The folder that keeps plugins' states and compiled code across restarts; `memory` keeps nothing";
    ["Logging"]
    "logging.format", "log-format", "YOI_LOG_FORMAT", "text", "WORD", Plain,
        |s, t| { s.log_format = word(t, logging::FORMATS)?; Ok(()) },
        "How the program's own log is written to standard error: `text` or `json`";
    "logging.level", "log-level", "YOI_LOG_LEVEL", "info", "FILTER", Plain,
        |s, t| { logging::check_level(t)?; s.log_level = t.to_owned(); Ok(()) },
        "How much is written: `error`, `warn`, `info`, `debug`, `trace`, or targets such as `warn,yoi::access=info`";
}

/// The file of a runtime.
const FILE: File = File { flag: "config", env: "YOI_CONFIG", path: ".yoi/runtime.toml", called: "file" };

/// The settings of a program that serves a runtime.
pub(super) static TABLE: Table<Settings> = Table::new("a runtime", FILE, KEYS, &[PROFILES]);

/// The settings of a runtime in another program, which serves it, watches it and logs for it.
pub(super) static EMBEDDED: Table<Settings> = Table {
    title: "the embedded runtime",
    file: File { flag: "runtime-config", called: "runtime.toml", ..FILE },
    uses: |key| key.name == "runtime_id" || matches!(key.group, "Workers" | "Store" | "Plugins"),
    heading: |group| match group {
        "Store" => "Embedded runtime, store",
        "Plugins" => "Embedded runtime, plugins",
        _ => "Embedded runtime, workers",
    },
    ..Table::new("", FILE, KEYS, &[PROFILES])
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RuntimeOptions;
    use crate::executor::Echo;
    use crate::server::ServerOptions;
    use crate::store::fs::FsOptions;
    use crate::store::memory::{MemoryOptions, MemoryStore};
    use std::collections::BTreeSet;
    use std::sync::Arc;
    use yoi_settings::Key;

    #[test]
    fn names_stand_once() {
        for of in [|k: &Key<Settings>| k.name, |k: &Key<Settings>| k.flag, |k: &Key<Settings>| k.env] {
            assert_eq!(KEYS.iter().map(of).collect::<BTreeSet<_>>().len(), KEYS.len());
        }
        for key in KEYS {
            assert!(key.env.starts_with("YOI_") && !key.doc.ends_with('.') && !key.doc.is_empty(), "{}", key.name);
        }
    }

    #[test]
    fn the_table_s_defaults_are_the_libraries_own() {
        let mut settings = Settings::blank();
        for key in KEYS.iter().filter(|key| !key.default.is_empty()) {
            (key.set)(&mut settings, key.default).unwrap_or_else(|e| panic!("{}: {e}", key.name));
        }
        let server = ServerOptions::new("127.0.0.1:7071".parse().unwrap());
        let fs = FsOptions::new("");
        let store = Arc::new(MemoryStore::new(MemoryOptions::default()).unwrap());
        let runtime = RuntimeOptions::new("local".parse().unwrap(), vec![Arc::new(Echo::new())], store);
        assert_eq!(settings.runtime_id.as_ref(), Some(&runtime.runtime_id));
        assert_eq!((settings.max_workers, settings.limits), (runtime.max_workers, runtime.limits));
        assert_eq!(settings.server.listen, server.listen);
        let of = |s: &ServerOptions| {
            let o = &s.observation;
            (s.body_bytes, s.max_connections, s.drain, o.heartbeat, o.slow_after, o.max_connections)
        };
        assert_eq!(of(&settings.server), of(&server));
        let of = |s: &FsOptions| (s.durability, s.sync_interval, s.segment_bytes, s.retention_bytes, s.retention_age);
        assert_eq!(of(&settings.fs), of(&fs));
    }
}
