//! Keeps a WebSocket to a chat gateway, and hands its messages to the workspace.
//!
//! Owns the plugin: its configuration, and the loop of connections. What one connection does is in
//! `session`. Must not hold a token: the grant names it, and the host adds it.

mod session;
mod wire;

use serde::Deserialize;
use session::{End, Session};
use std::time::Duration;
use yoi_plugin_pdk::steady::{Backoff, Resume};
use yoi_plugin_pdk::{Connect, Service, clock, emit, info, state, warn, websocket};

/// Where the session is kept between runs.
const RESUME_KEY: &str = "resume";
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    url: String,
    /// Which channels are handed over; all, without.
    channels: Option<Vec<String>>,
    worker: Option<String>,
    subprotocol: Option<String>,
    /// For those who try it out: waits as short as this.
    first_wait_ms: Option<u64>,
}

struct Bridge {
    config: Config,
    resume: Resume,
}

impl Service for Bridge {
    fn start(config: &str) -> Result<Self, String> {
        let config = serde_json::from_str(config).map_err(|error| format!("the configuration: {error}"))?;
        let kept = state::get_text(RESUME_KEY).map_err(|error| error.to_string())?;
        Ok(Bridge { config, resume: Resume::from_text(&kept.unwrap_or_default()) })
    }

    fn run(&mut self) -> Result<(), String> {
        let first = self.config.first_wait_ms.map_or(FIRST_WAIT, Duration::from_millis);
        let mut backoff = Backoff::new(first, LONGEST_WAIT, clock::unix_ms());
        loop {
            let began = clock::monotonic();
            let end = self.connect();
            self.keep();
            let wait = match end {
                End::Stopped => return Ok(()),
                // what the host says has several lines, and people are shown one
                End::Refused(why) => return Err(why.lines().map(str::trim).collect::<Vec<_>>().join(" ")),
                // the gateway asked for it: no need to wait long
                End::Asked => first,
                End::Lost(why) => {
                    backoff.lasted(clock::monotonic().saturating_sub(began));
                    let wait = backoff.next_wait();
                    warn!("{why}; trying again in {} ms", wait.as_millis());
                    tell(&format!("waiting to connect again: {why}"));
                    wait
                }
            };
            if clock::sleep(wait).is_err() {
                return Ok(());
            }
        }
    }

    fn stop(&mut self) {
        self.keep();
    }
}

impl Bridge {
    /// Connects once, and stays until the end of that connection.
    fn connect(&mut self) -> End {
        tell("connecting");
        let mut connect = Connect::to(&self.config.url);
        if let Some(subprotocol) = &self.config.subprotocol {
            connect = connect.subprotocol(subprotocol);
        }
        let connection = match connect.open() {
            Ok(connection) => connection,
            Err(error) => return End::from(error),
        };
        info!("connected");
        let mut session = Session {
            connection: &connection,
            resume: &mut self.resume,
            channels: self.config.channels.as_deref(),
            worker: self.config.worker.as_deref(),
        };
        let end = session.run();
        // a resumable end is not 1000: gateways take that as a farewell
        let code = if matches!(end, End::Stopped) { 1001 } else { 4000 };
        let _ = connection.close(code, "");
        end
    }

    fn keep(&self) {
        if let Err(error) = state::set(RESUME_KEY, self.resume.to_text()) {
            warn!("the session was not kept: {error}");
        }
    }
}

impl From<websocket::Error> for End {
    fn from(error: websocket::Error) -> Self {
        match error {
            websocket::Error::Cancelled => End::Stopped,
            error if error.is_transient() => End::Lost(error.to_string()),
            error => End::Refused(error.to_string()),
        }
    }
}

/// Says how it stands. That nobody could be told is no reason to end.
fn tell(text: &str) {
    let end = text.char_indices().map(|(at, _)| at).find(|at| *at > 190).unwrap_or(text.len());
    let line = text.get(..end).unwrap_or_default().replace(['\n', '\r'], " ");
    if let Err(error) = emit::status(&line) {
        warn!("the status was not taken: {error}");
    }
}

yoi_plugin_pdk::register!(service: Bridge);
