//! How a plugin does, as what is told of it.
//!
//! Owns the words. Pure: from how it did to how it does.

use crate::workers::Told;
use manifest::{Manifest, PluginGrant, grown};
use plugin_host::{State, Status};
use protocol::Level;
use serde_json::json;

/// The most targets that are named.
const GROWN: usize = 8;

/// What is to be told of a plugin that is as `now`, and was as `before` when it was told last.
pub(crate) fn news(before: Option<&Status>, now: &Status, grew: impl FnOnce() -> String) -> Vec<Told> {
    let mut told = Vec::new();
    let crashes = now.counters.crashes - before.map_or(0, |before| before.counters.crashes).min(now.counters.crashes);
    let is_other = before.is_none_or(|before| {
        before.state != now.state || before.digest != now.digest || before.counters.starts != now.counters.starts
    });
    let why = now.last_error.as_deref().unwrap_or("it does not say why");
    if crashes > 0 && now.state != State::BackingOff && now.state != State::Failed {
        told.push(notice(Level::Warning, "plugin_crashed", format!("it crashed: {why}")));
    }
    if !is_other && crashes == 0 {
        return told;
    }
    let version = &now.version;
    let said = match now.state {
        // what nobody has enabled is not worth a word
        State::Disabled if before.is_none() => return Vec::new(),
        State::Disabled => notice(Level::Info, "plugin_disabled", "it is disabled, and has ended".to_owned()),
        State::Suspended => notice(Level::Warning, "plugin_suspended", grew()),
        State::Starting => notice(Level::Info, "plugin_starting", format!("version {version} is started")),
        State::Running => notice(Level::Info, "plugin_running", format!("version {version} runs")),
        State::BackingOff => {
            let message = format!("it crashed, and is started again after a while: {why}");
            notice(Level::Warning, "plugin_crashed", message)
        }
        State::Failed => notice(Level::Error, "plugin_failed", format!("it does not run: {why}")),
        State::Stopped => notice(Level::Info, "plugin_stopped", "it has ended".to_owned()),
    };
    told.push(said);
    let value = json!({
        "state": now.state,
        "standing": now.standing,
        "version": now.version,
        "digest": now.digest.to_string(),
        "counters": now.counters,
        "last_error": now.last_error,
    });
    told.push(Told::Extension { namespace: format!("plugin.{}/state", now.id), value });
    told
}

/// Its package is not there any more.
pub(crate) fn gone() -> Told {
    notice(Level::Info, "plugin_removed", "its package is not there any more, or cannot be used".to_owned())
}

/// The runtime ends, and the plugin with it.
pub(crate) fn stopped() -> Told {
    notice(Level::Info, "plugin_stopped", "it has ended, with its runtime".to_owned())
}

/// Its package, or its configuration, cannot be used.
pub(crate) fn broken(words: &str) -> Told {
    notice(Level::Error, "plugin_broken", words.to_owned())
}

/// The grants cannot be read.
pub(crate) fn ungranted() -> Told {
    let message = "plugins.toml is wrong, so nothing is granted to any plugin until it is corrected; `yoi plugin list` tells where";
    notice(Level::Error, "plugin_grants_wrong", message.to_owned())
}

/// What a package asks for that nobody has looked at.
pub(crate) fn grew(manifest: &Manifest, grant: Option<&PluginGrant>) -> String {
    let id = &manifest.plugin().id;
    let hint = format!("`yoi plugin show {id}` shows it, `yoi plugin grant {id}` grants it");
    let Some(grant) = grant.filter(|grant| grant.digest().is_some()) else {
        return format!("it is suspended: nobody has looked at its package; {hint}");
    };
    let grown = grown(manifest, grant);
    let mut parts: Vec<String> = grown
        .iter()
        .take(GROWN)
        .map(|grown| format!("{} `{}` asks for {}", grown.capability, grown.target.id(), grown.part))
        .collect();
    if grown.len() > GROWN {
        parts.push(format!("and {} more", grown.len() - GROWN));
    }
    format!("it is suspended: its package asks for more than was looked at: {}; {hint}", parts.join(", "))
}

fn notice(level: Level, code: &str, message: String) -> Told {
    Told::Notice { level, code: code.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manifest::{Digest, Standing};
    use plugin_host::Counters;

    fn status(state: State, starts: u64, crashes: u64) -> Status {
        Status {
            id: "a".into(),
            version: "1.0.0".into(),
            digest: Digest::of(b"a"),
            standing: Standing::Current,
            state,
            last_error: (crashes > 0).then(|| "run: trap".to_owned()),
            counters: Counters { starts, crashes, ..Counters::default() },
            connections: 0,
        }
    }

    fn codes(before: Option<&Status>, now: &Status) -> Vec<String> {
        let told = news(before, now, || "it grew".to_owned());
        let code = |told: &Told| match told {
            Told::Notice { code, .. } => code.clone(),
            Told::Extension { namespace, .. } => namespace.clone(),
        };
        told.iter().map(code).collect()
    }

    #[test]
    fn each_change_is_told_once() {
        let state = "plugin.a/state";
        let running = status(State::Running, 1, 0);
        assert_eq!(codes(None, &status(State::Disabled, 0, 0)), Vec::<String>::new());
        assert_eq!(codes(None, &running), ["plugin_running", state]);
        assert_eq!(codes(Some(&running), &running), Vec::<String>::new());
        let crashed = status(State::BackingOff, 1, 1);
        assert_eq!(codes(Some(&running), &crashed), ["plugin_crashed", state]);
        // a crash that was over before anybody looked
        assert_eq!(codes(Some(&running), &status(State::Running, 2, 1)), ["plugin_crashed", "plugin_running", state]);
        assert_eq!(codes(Some(&crashed), &status(State::Failed, 1, 1)), ["plugin_failed", state]);
        assert_eq!(codes(Some(&running), &status(State::Disabled, 1, 0)), ["plugin_disabled", state]);
        assert_eq!(codes(Some(&running), &status(State::Suspended, 1, 0)), ["plugin_suspended", state]);
    }
}
