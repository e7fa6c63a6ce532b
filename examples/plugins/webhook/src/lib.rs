//! Watches a page, and tells a webhook when its status changes.
//!
//! Owns the whole plugin. Must not tell anything twice, also not after a restart.

use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use yoi_plugin_pdk::request::{Error, Response};
use yoi_plugin_pdk::{Request, Service, clock, emit, state, warn};

/// Where the status that was told last is kept.
const TOLD_KEY: &str = "told";
/// How often a webhook is asked to take the same, and how long is waited at most in between.
const ATTEMPTS: u32 = 5;
const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    page: String,
    hook: String,
    #[serde(default = "a_minute_ms")]
    every_ms: u64,
}

struct Watch {
    config: Config,
    /// The status that the webhook knows; none before the first.
    told: Option<u16>,
}

/// Why the plugin ends.
enum End {
    Stopped,
    Failed(String),
}

impl Service for Watch {
    fn start(config: &str) -> Result<Self, String> {
        let config = serde_json::from_str(config).map_err(|error| format!("the configuration: {error}"))?;
        let told = state::get_text(TOLD_KEY).map_err(|error| error.to_string())?;
        Ok(Watch { config, told: told.and_then(|told| told.parse().ok()) })
    }

    fn run(&mut self) -> Result<(), String> {
        loop {
            match self.look() {
                Ok(()) => {}
                Err(End::Stopped) => return Ok(()),
                Err(End::Failed(why)) => return Err(why),
            }
            if clock::sleep(Duration::from_millis(self.config.every_ms)).is_err() {
                return Ok(());
            }
        }
    }
}

impl Watch {
    /// Looks once, and tells if there is something to tell.
    fn look(&mut self) -> Result<(), End> {
        let now = match Request::get(&self.config.page).send() {
            Ok(response) => response.status(),
            Err(Error::Cancelled) => return Err(End::Stopped),
            Err(error) if error.is_transient() => 0,
            // too large is an answer all the same
            Err(Error::TooLarge(_)) => 200,
            Err(error) => return Err(End::Failed(error.to_string())),
        };
        let _ = emit::status(&format!("the page answers with {now}"));
        if self.told == Some(now) {
            return Ok(());
        }
        // what was seen first is nothing new
        if let Some(before) = self.told {
            self.tell(before, now)?;
            let message = format!("{} answers with {now}, before with {before}", self.config.page);
            let level = if (200..400).contains(&now) { emit::Level::Info } else { emit::Level::Warning };
            if let Err(error) = emit::notice(level, "page-changed", &message, None) {
                warn!("the notice was not taken: {error}");
            }
        }
        self.told = Some(now);
        state::set(TOLD_KEY, now.to_string()).map_err(|error| End::Failed(error.to_string()))
    }

    /// Tells the webhook, several times if it must be. One that takes nothing does not end the plugin.
    fn tell(&self, before: u16, now: u16) -> Result<(), End> {
        let body = json!({ "page": self.config.page, "before": before, "now": now }).to_string();
        for attempt in 0..ATTEMPTS {
            let answer = Request::post(&self.config.hook).json(body.as_str()).send();
            let wait = match next(&answer, attempt) {
                Next::Done => return Ok(()),
                Next::End(end) => return Err(end),
                Next::Wait(wait) => wait,
                Next::GiveUp(why) => {
                    warn!("the webhook did not take it: {why}");
                    return Ok(());
                }
            };
            clock::sleep(wait).map_err(|_| End::Stopped)?;
        }
        warn!("the webhook did not take it in {ATTEMPTS} attempts");
        Ok(())
    }
}

/// What to do after an answer of the webhook.
enum Next {
    Done,
    Wait(Duration),
    GiveUp(String),
    End(End),
}

fn next(answer: &Result<Response, Error>, attempt: u32) -> Next {
    let wait = Duration::from_secs(1 << attempt.min(6)).min(LONGEST_WAIT);
    match answer {
        Ok(response) if response.is_success() => Next::Done,
        Ok(response) if response.status() == 429 || response.status() >= 500 => {
            Next::Wait(response.retry_after().unwrap_or(wait).min(LONGEST_WAIT))
        }
        Ok(response) => Next::GiveUp(format!("it answered with {}", response.status())),
        Err(Error::Cancelled) => Next::End(End::Stopped),
        Err(error) if error.is_transient() => Next::Wait(wait),
        Err(error) => Next::End(End::Failed(error.to_string())),
    }
}

fn a_minute_ms() -> u64 {
    60_000
}

yoi_plugin_pdk::register!(service: Watch);

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, retry_after: Option<&str>) -> Result<Response, Error> {
        let headers = retry_after.map(|value| ("retry-after".to_owned(), value.as_bytes().to_vec()));
        Ok(Response::new(status, headers.into_iter().collect(), Vec::new()))
    }

    #[test]
    fn what_a_webhook_answers_decides_what_follows() {
        assert!(matches!(next(&response(204, None), 0), Next::Done));
        assert!(matches!(next(&response(404, None), 0), Next::GiveUp(_)));
        assert!(matches!(next(&response(302, None), 0), Next::GiveUp(_)), "redirects are not followed");
        let Next::Wait(wait) = next(&response(503, None), 2) else { panic!("it is to be tried again") };
        assert_eq!(wait, Duration::from_secs(4));
        let Next::Wait(wait) = next(&response(429, Some("7")), 0) else { panic!("it is to be tried again") };
        assert_eq!(wait, Duration::from_secs(7));
        let Next::Wait(wait) = next(&response(429, Some("86400")), 0) else { panic!("it is to be tried again") };
        assert_eq!(wait, LONGEST_WAIT, "a webhook does not decide how long the plugin sleeps");
        assert!(matches!(next(&Err(Error::Timeout), 9), Next::Wait(_)));
        assert!(matches!(next(&Err(Error::Denied(String::new())), 0), Next::End(End::Failed(_))));
    }
}
