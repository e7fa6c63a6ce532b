//! The settings as the program uses them.
//!
//! Owns their types. Defaults are in the table of keys, read like any other text.

use super::profiles::ProfileEntry;
use crate::server::{ServerOptions, Token};
use crate::store::fs::FsOptions;
use event_log::Limits;
use protocol::RuntimeId;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use yoi_settings::LogFormat;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub runtime_id: Option<RuntimeId>,
    pub server: ServerOptions,
    pub token: Option<Token>,
    pub tls_cert: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// Where the store is; in memory where absent.
    pub store: Option<PathBuf>,
    pub fs: FsOptions,
    pub limits: Limits,
    /// The folder of plugins' packages.
    pub plugins: PathBuf,
    /// The file of what they are granted.
    pub plugin_grants: PathBuf,
    /// Where their states are; nowhere where absent.
    pub plugin_data: Option<PathBuf>,
    pub max_workers: usize,
    pub default_profile: String,
    pub log_format: LogFormat,
    pub log_level: String,
    /// In the order of their names; those built in come first.
    pub profiles: Vec<ProfileEntry>,
}

impl Settings {
    /// Settings before any text was read, the defaults' included.
    pub fn blank() -> Settings {
        Settings {
            runtime_id: None,
            server: ServerOptions::new(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)),
            token: None,
            tls_cert: None,
            tls_key: None,
            store: None,
            fs: FsOptions::new(PathBuf::new()),
            limits: Limits::default(),
            plugins: PathBuf::new(),
            plugin_grants: PathBuf::new(),
            plugin_data: None,
            max_workers: 1,
            default_profile: String::new(),
            log_format: LogFormat::Text,
            log_level: String::new(),
            profiles: Vec::new(),
        }
    }
}
