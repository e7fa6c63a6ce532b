//! The settings of a runtime from all their sources.
//!
//! Owns what is wrong with settings together. Must not read the process's own environment: it is
//! handed in.

use super::args::{EmbeddedArgs, ServeArgs};
use super::keys::{EMBEDDED, TABLE};
use super::profiles::add_built_in;
use super::settings::Settings;
use std::path::Path;
use yoi_settings::{Draft, Environment, Problems, Resolved};

/// Resolves every setting of a program that serves a runtime. `folder` is where the default file
/// is looked for.
pub(super) fn resolve(
    args: &ServeArgs,
    environment: Environment<'_>,
    folder: &Path,
) -> Result<Resolved<Settings>, Problems> {
    let mut draft = TABLE.resolve(Settings::blank(), &args.0, environment, folder);
    check_server(&mut draft);
    check_profiles(&mut draft);
    draft.finish()
}

/// Resolves every setting of a runtime in another program.
pub(super) fn resolve_embedded(
    args: &EmbeddedArgs,
    environment: Environment<'_>,
    folder: &Path,
) -> Result<Resolved<Settings>, Problems> {
    let mut draft = EMBEDDED.resolve(Settings::blank(), &args.0, environment, folder);
    check_profiles(&mut draft);
    draft.finish()
}

fn check_server(draft: &mut Draft<Settings>) {
    let settings = &draft.settings;
    if settings.tls_cert.is_some() != settings.tls_key.is_some() {
        draft.problems.add("`tls.cert` and `tls.key` go together: one of them is missing");
    }
    let listen = settings.server.listen;
    let is_open = settings.token.is_none() && !draft.is_wrong("token");
    if is_open && !draft.is_wrong("listen") && !listen.ip().to_canonical().is_loopback() {
        draft.problems.add(format!(
            "{}: `listen` {listen} can be reached from other machines, so `token` must be set: --token-file, YOI_TOKEN, or token = {{ file = \"…\" }}",
            draft.origin("listen")
        ));
    }
}

fn check_profiles(draft: &mut Draft<Settings>) {
    add_built_in(&mut draft.settings);
    let names: Vec<&str> = draft.settings.profiles.iter().map(|entry| entry.profile.name()).collect();
    let default = &draft.settings.default_profile;
    if !draft.is_wrong("default_profile") && !names.contains(&default.as_str()) {
        let (known, origin) = (names.join(", "), draft.origin("default_profile"));
        draft.problems.add(format!("{origin}: `default_profile` {default} is none of the profiles: {known}"));
    }
}
