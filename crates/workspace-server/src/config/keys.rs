//! The table of the backend's settings.
//!
//! Owns every setting's name, flag, variable, default, words and meaning. Must not read any source.

use super::settings::{ProxyTls, Settings};
use super::{principals, roles, runtimes};
use std::num::NonZeroU32;
use std::path::PathBuf;
use yoi_access::audit::AuditTarget;
use yoi_settings::values::{address, count, duration, memory, switch, word};
use yoi_settings::{File, Table, logging};

/// The words for where the audit log goes, besides a file.
const AUDIT_WORDS: (&str, &str) = ("stderr", "off");

fn rate(text: &str) -> Result<NonZeroU32, String> {
    let rate = count(text)?;
    let rate = u32::try_from(rate).ok().and_then(NonZeroU32::new);
    rate.ok_or_else(|| "is a whole number from 1 to 4294967295".to_owned())
}

/// A web page's origin (RFC 6454), as browsers write it.
fn origin(text: &str) -> Result<String, String> {
    let wrong = || "is a list of origins such as https://yoi.example or http://localhost:3000".to_owned();
    let parsed: http::Uri = text.parse().map_err(|_| wrong())?;
    let is_web = matches!(parsed.scheme_str(), Some("http" | "https"));
    let authority =
        parsed.authority().map(|authority| authority.as_str()).filter(|a| !a.contains('@')).ok_or_else(wrong)?;
    let origin = format!("{}://{authority}", parsed.scheme_str().unwrap_or_default());
    if is_web && origin.eq_ignore_ascii_case(text) { Ok(origin.to_ascii_lowercase()) } else { Err(wrong()) }
}

yoi_settings::keys! { pub(super) KEYS: Settings;
    ["Server"]
    "listen", "listen", "YOI_WORKSPACE_LISTEN", "127.0.0.1:7070", "ADDRESS", Plain,
        |s, t| { s.listen = address(t)?; Ok(()) },
        "Where to listen; port 0 takes any that is free. On another address than loopback principals and TLS are needed";
    "tls.cert", "tls-cert", "YOI_WORKSPACE_TLS_CERT", "", "FILE", Path,
        |s, t| { s.tls_cert = Some(PathBuf::from(t)); Ok(()) },
        "Certificates (PEM), the server's own first; with `tls.key` the server speaks HTTPS";
    "tls.key", "tls-key", "YOI_WORKSPACE_TLS_KEY", "", "FILE", Path,
        |s, t| { s.tls_key = Some(PathBuf::from(t)); Ok(()) },
        "The certificate's private key (PEM)";
    "proxy_tls", "proxy-tls", "YOI_WORKSPACE_PROXY_TLS", "false", "BOOL", Switch,
        |s, t| { s.proxy_tls = if switch(t)? { ProxyTls::Yes } else { ProxyTls::No }; Ok(()) },
        "A proxy in front terminates TLS, and only it reaches this server";
    "origins", "origins", "YOI_WORKSPACE_ORIGINS", "", "ORIGINS", List,
        |s, t| { s.origins = t.split(',').map(origin).collect::<Result<_, _>>()?; Ok(()) },
        "Origins of web pages, besides the server's own, that may ask it";
    "body_limit", "body-limit", "YOI_WORKSPACE_BODY_LIMIT", "4MiB", "SIZE", Plain,
        |s, t| { s.body_bytes = memory(t)?; Ok(()) },
        "The most bytes of a request's body";
    "max_connections", "max-connections", "YOI_WORKSPACE_MAX_CONNECTIONS", "10000", "N", Plain,
        |s, t| { s.max_connections = count(t)?; Ok(()) },
        "The most connections at once, without those that watch over WebSocket";
    "drain", "drain", "YOI_WORKSPACE_DRAIN", "10s", "TIME", Plain,
        |s, t| { s.drain = duration(t)?; Ok(()) },
        "How long everything may take to end after the first signal";
    ["Runtimes"]
    "embedded", "embedded", "YOI_WORKSPACE_EMBEDDED", "true", "BOOL", Switch,
        |s, t| { s.embedded = switch(t)?; Ok(()) },
        "Whether a runtime runs within the backend, besides those of [[runtimes]]";
    "linger", "linger", "YOI_WORKSPACE_LINGER", "30s", "TIME", Plain,
        |s, t| { s.mirror.linger = duration(t)?; Ok(()) },
        "How long the stream of a worker that nobody watches any more is still read";
    "backlog.max_events", "backlog-max-events", "YOI_WORKSPACE_BACKLOG_MAX_EVENTS", "10000", "N", Plain,
        |s, t| { s.mirror.limits.max_events = count(t)?; Ok(()) },
        "The most events of each watched worker kept in memory";
    "backlog.max_bytes", "backlog-max-bytes", "YOI_WORKSPACE_BACKLOG_MAX_BYTES", "16MiB", "SIZE", Plain,
        |s, t| { s.mirror.limits.max_bytes = memory(t)?; Ok(()) },
        "The most bytes of each watched worker's events kept in memory";
    ["Observation"]
    "heartbeat", "heartbeat", "YOI_WORKSPACE_HEARTBEAT", "15s", "TIME", Plain,
        |s, t| { s.observation.heartbeat = duration(t)?; Ok(()) },
        "Time between heartbeats of an idle stream";
    "slow_after", "slow-after", "YOI_WORKSPACE_SLOW_AFTER", "30s", "TIME", Plain,
        |s, t| { s.observation.slow_after = duration(t)?; Ok(()) },
        "A connection that takes nothing for so long is closed";
    "max_watchers", "max-watchers", "YOI_WORKSPACE_MAX_WATCHERS", "100000", "N", Plain,
        |s, t| { s.observation.max_connections = count(t)?; Ok(()) },
        "The most WebSockets that watch at once";
    ["Access"]
    "session_lifetime", "session-lifetime", "YOI_WORKSPACE_SESSION_LIFETIME", "12h", "TIME", Plain,
        |s, t| { s.session_lifetime = duration(t)?; Ok(()) },
        "How long a sign-in lasts";
    "cursor_keys", "cursor-keys", "YOI_WORKSPACE_CURSOR_KEYS", "", "FILE", Path,
        |s, t| { s.cursor_keys = PathBuf::from(t); Ok(()) },
        "The secrets that seal cursors and sign-ins, one a line, the current one first; made at the first start. By default `cursor_keys` beside the file of settings";
    "audit", "audit", "YOI_WORKSPACE_AUDIT", ".yoi/audit.jsonl", "FILE", PathOr("stderr" | "off"),
        |s, t| {
            s.audit = match t {
                _ if t == AUDIT_WORDS.0 => Some(AuditTarget::Stderr),
                _ if t == AUDIT_WORDS.1 => None,
                path => Some(AuditTarget::File(PathBuf::from(path))),
            };
            Ok(())
        },
        "Where commands are told, one line each; `stderr` or `off` in place of a file";
    "rate.commands_per_second", "rate-commands", "YOI_WORKSPACE_RATE_COMMANDS", "20", "N", Plain,
        |s, t| { s.rates.commands_per_second = rate(t)?; Ok(()) },
        "Commands of each principal, on average";
    "rate.command_burst", "rate-command-burst", "YOI_WORKSPACE_RATE_COMMAND_BURST", "100", "N", Plain,
        |s, t| { s.rates.command_burst = rate(t)?; Ok(()) },
        "Commands of each principal at once, after a while without";
    "rate.streams_per_second", "rate-streams", "YOI_WORKSPACE_RATE_STREAMS", "100", "N", Plain,
        |s, t| { s.rates.streams_per_second = rate(t)?; Ok(()) },
        "Streams that each principal opens, on average";
    "rate.stream_burst", "rate-stream-burst", "YOI_WORKSPACE_RATE_STREAM_BURST", "2000", "N", Plain,
        |s, t| { s.rates.stream_burst = rate(t)?; Ok(()) },
        "Streams that each principal opens at once, after a while without";
    "rate.max_streams", "rate-max-streams", "YOI_WORKSPACE_RATE_MAX_STREAMS", "10000", "N", Plain,
        |s, t| { s.rates.max_streams = rate(t)?; Ok(()) },
        "Streams that each principal has open at the same time";
    ["Tickets"]
    "tickets", "tickets", "YOI_WORKSPACE_TICKETS", ".yoi/tickets", "FOLDER", Path,
        |s, t| { s.tickets = PathBuf::from(t); Ok(()) },
        "Where the workspace's tickets are; the folder is made with the first of them";
    ["Logging"]
    "logging.format", "log-format", "YOI_LOG_FORMAT", "text", "WORD", Plain,
        |s, t| { s.log_format = word(t, logging::FORMATS)?; Ok(()) },
        "How the program's own log is written to standard error: `text` or `json`";
    "logging.level", "log-level", "YOI_LOG_LEVEL", "info", "FILTER", Plain,
        |s, t| { logging::check_level(t)?; s.log_level = t.to_owned(); Ok(()) },
        "How much is written: `error`, `warn`, `info`, `debug`, `trace`, or targets such as `warn,yoi::access=info`";
}

/// The settings that count as soon as the file is read again; so do its runtimes, principals and
/// roles.
pub(super) const LIVE: &[&str] = &[
    "origins",
    "session_lifetime",
    "rate.commands_per_second",
    "rate.command_burst",
    "rate.streams_per_second",
    "rate.stream_burst",
    "rate.max_streams",
];

/// The settings of the backend.
pub(super) static TABLE: Table<Settings> = Table::new(
    "the backend",
    File { flag: "config", env: "YOI_WORKSPACE_CONFIG", path: ".yoi/workspace.toml", called: "workspace.toml" },
    KEYS,
    &[runtimes::SECTION, principals::SECTION, roles::SECTION],
);

yoi_settings::flags! {
    /// The flags of the backend.
    pub struct ConfigArgs(pub(super)): TABLE;
}
