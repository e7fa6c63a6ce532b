//! The settings as the backend uses them.
//!
//! Owns their types, and reading the files that they name. Defaults are in the table of keys, read
//! like any other text.

use crate::handle::RemoteSpec;
use crate::mirror::MirrorOptions;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;
use yoi_access::audit::AuditTarget;
use yoi_access::{Principal, Principals, Rates, RolesRules};
use yoi_edge::Tls;
use yoi_settings::{LogFormat, Problems};

/// Whether a proxy in front terminates TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProxyTls {
    /// None does: the connections are the clients' own.
    #[default]
    No,
    /// One does, and nobody else reaches the server.
    Yes,
}

/// The backend's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The server's certificate; plain TCP where absent.
    pub tls: Option<Tls>,
    /// Whether a proxy in front terminates TLS.
    pub proxy_tls: ProxyTls,
    /// Origins of web pages besides the server's own, in lower case.
    pub origins: Vec<String>,
    /// The most bytes of a request's body.
    pub body_bytes: usize,
    /// The most connections at once, without those that watch over WebSocket.
    pub max_connections: usize,
    /// How long everything may take to end.
    pub drain: Duration,
    /// Whether a runtime runs within the backend.
    pub embedded: bool,
    /// The runtimes in processes of their own, in the order of the file.
    pub runtimes: Vec<RemoteSpec>,
    /// How mirrors are kept.
    pub mirror: MirrorOptions,
    /// How streams are served.
    pub observation: observation::Options,
    /// Who may ask; anybody where there is nobody.
    pub principals: Principals,
    /// What is hidden from whom.
    pub roles: RolesRules,
    /// How often each principal may ask.
    pub rates: Rates,
    /// How long a sign-in lasts.
    pub session_lifetime: Duration,
    /// Where the secrets are that seal cursors and sign-ins: see `Secrets`.
    pub cursor_keys: PathBuf,
    /// Where commands are told.
    pub audit: Option<AuditTarget>,
    /// Where the workspace's tickets are.
    pub tickets: PathBuf,
    /// How the program's own log is written.
    pub log_format: LogFormat,
    /// How much of it.
    pub log_level: String,
}

impl Config {
    /// Whether clients come over TLS, so that cookies are for TLS alone.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.tls.is_some() || self.proxy_tls == ProxyTls::Yes
    }
}

/// A runtime of the file.
#[derive(Clone, Debug)]
pub(super) struct RuntimeEntry {
    pub spec: RemoteSpec,
    pub place: String,
}

/// A principal of the file.
#[derive(Clone, Debug)]
pub(super) struct PrincipalEntry {
    pub principal: Principal,
    pub place: String,
}

/// Everything that can be set, as it is read.
#[derive(Debug)]
pub(super) struct Settings {
    pub listen: SocketAddr,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    pub proxy_tls: ProxyTls,
    pub origins: Vec<String>,
    pub body_bytes: usize,
    pub max_connections: usize,
    pub drain: Duration,
    pub embedded: bool,
    pub runtimes: Vec<RuntimeEntry>,
    pub mirror: MirrorOptions,
    pub observation: observation::Options,
    pub principals: Vec<PrincipalEntry>,
    pub roles: RolesRules,
    /// The roles that the file names, and where.
    pub role_places: Vec<(String, String)>,
    pub rates: Rates,
    pub session_lifetime: Duration,
    pub cursor_keys: PathBuf,
    pub audit: Option<AuditTarget>,
    pub tickets: PathBuf,
    pub log_format: LogFormat,
    pub log_level: String,
}

impl Settings {
    /// Settings before any text was read, the defaults' included.
    pub fn blank() -> Settings {
        let once = NonZeroU32::MIN;
        Settings {
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            tls_cert: None,
            tls_key: None,
            proxy_tls: ProxyTls::No,
            origins: Vec::new(),
            body_bytes: 0,
            max_connections: 0,
            drain: Duration::ZERO,
            embedded: false,
            runtimes: Vec::new(),
            mirror: MirrorOptions::default(),
            observation: observation::Options::default(),
            principals: Vec::new(),
            roles: RolesRules::default(),
            role_places: Vec::new(),
            rates: Rates {
                commands_per_second: once,
                command_burst: once,
                streams_per_second: once,
                stream_burst: once,
                max_streams: once,
            },
            session_lifetime: Duration::ZERO,
            cursor_keys: PathBuf::new(),
            audit: None,
            tickets: PathBuf::new(),
            log_format: LogFormat::Text,
            log_level: String::new(),
        }
    }

    /// The configuration, the certificate read.
    pub fn into_config(self) -> Result<Config, Problems> {
        let tls = self.tls()?;
        let principals = Principals::new(self.principals.into_iter().map(|entry| entry.principal));
        Ok(Config {
            listen: self.listen,
            tls,
            proxy_tls: self.proxy_tls,
            origins: self.origins,
            body_bytes: self.body_bytes,
            max_connections: self.max_connections,
            drain: self.drain,
            embedded: self.embedded,
            runtimes: self.runtimes.into_iter().map(|entry| entry.spec).collect(),
            mirror: self.mirror,
            observation: self.observation,
            principals: principals.map_err(|error| Problems::from(error.to_string()))?,
            roles: self.roles,
            rates: self.rates,
            session_lifetime: self.session_lifetime,
            cursor_keys: self.cursor_keys,
            audit: self.audit,
            tickets: self.tickets,
            log_format: self.log_format,
            log_level: self.log_level,
        })
    }

    fn tls(&self) -> Result<Option<Tls>, Problems> {
        let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        let read = |name: &str, path: &Path| {
            std::fs::read(path).map_err(|error| format!("`{name}` {} cannot be read: {error}", path.display()))
        };
        let (cert, key) = (read("tls.cert", cert)?, read("tls.key", key)?);
        Ok(Some(Tls::from_pem(&cert, &key).map_err(|error| format!("`tls.cert` and `tls.key`: {error}"))?))
    }
}
