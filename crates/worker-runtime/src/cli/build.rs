//! From settings to what is started with them.
//!
//! Owns reading the files that settings name, before anything is bound. Must not start anything.

use super::problems::Problems;
use super::resolve::Resolved;
use super::settings::Settings;
use crate::server::{ServerOptions, Tls};
use crate::store::fs::FsOptions;

/// The server's options.
pub(super) fn server(settings: &Settings) -> Result<ServerOptions, Problems> {
    let mut options = settings.server.clone();
    options.token.clone_from(&settings.token);
    let (Some(cert), Some(key)) = (&settings.tls_cert, &settings.tls_key) else { return Ok(options) };
    let read = |name: &str, path: &std::path::Path| {
        std::fs::read(path).map_err(|error| format!("`{name}` {} cannot be read: {error}", path.display()))
    };
    let (cert, key) = (read("tls.cert", cert)?, read("tls.key", key)?);
    let tls = Tls::from_pem(&cert, &key).map_err(|error| format!("`tls.cert` and `tls.key`: {error}"))?;
    options.tls = Some(tls);
    Ok(options)
}

/// The file store's options; none where the store is in memory.
pub(super) fn store(settings: &Settings) -> Option<FsOptions> {
    let mut options = settings.fs.clone();
    options.root = settings.store.clone()?;
    Some(options)
}

/// Opens each recording that a profile plays.
pub(super) async fn check_recordings(resolved: &Resolved) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for entry in &resolved.profiles {
        if let Some(replay) = &entry.replay
            && let Err(error) = replay.check().await
        {
            problems.add(format!("{}: profile `{}`: {error}", entry.place, entry.profile.name()));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
