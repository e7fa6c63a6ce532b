//! One connection, from its hello to its end.
//!
//! Owns the conversation. Must not connect again: who called decides.

use crate::tell;
use crate::wire::{FromGateway, ToGateway};
use std::time::Duration;
use yoi_plugin_pdk::emit::{self, Ingress};
use yoi_plugin_pdk::steady::{Beat, Greeting, Heartbeat, Resume, Seen};
use yoi_plugin_pdk::{Connection, Message, Received, clock, warn, websocket};

/// How long a gateway may take to say hello.
const HELLO_WAIT: Duration = Duration::from_secs(20);
/// How long to wait while nobody takes what was emitted.
const FULL_WAIT: Duration = Duration::from_millis(250);

/// How a connection ended.
pub enum End {
    /// The host wants the plugin to end.
    Stopped,
    /// Trying again is of no use before a person has changed something.
    Refused(String),
    /// The gateway asks to come again.
    Asked,
    /// It broke.
    Lost(String),
}

pub struct Session<'a> {
    pub connection: &'a Connection,
    pub resume: &'a mut Resume,
    pub channels: Option<&'a [String]>,
    pub worker: Option<&'a str>,
}

impl Session<'_> {
    /// Talks until the end.
    pub fn run(&mut self) -> End {
        match self.talk() {
            Ok(end) | Err(end) => end,
        }
    }

    fn talk(&mut self) -> Result<End, End> {
        let Some(FromGateway::Hello { heartbeat_ms }) = self.next(HELLO_WAIT)? else {
            return Ok(End::Lost("the gateway did not say hello".to_owned()));
        };
        self.send(&match self.resume.greeting() {
            Greeting::Fresh => ToGateway::Identify,
            Greeting::Resume { session, seq } => ToGateway::Resume { session, seq },
        })?;
        let every = Duration::from_millis(heartbeat_ms);
        let mut heartbeat = Heartbeat::new(every, every / 2, clock::monotonic());
        loop {
            let wait = match heartbeat.beat(clock::monotonic()) {
                Beat::Lost => return Ok(End::Lost("the gateway left a heartbeat unanswered".to_owned())),
                Beat::Send => {
                    self.send(&ToGateway::Heartbeat { seq: self.resume.seq() })?;
                    heartbeat.sent(clock::monotonic());
                    continue;
                }
                Beat::Wait(wait) => wait,
            };
            match self.next(wait)? {
                None | Some(FromGateway::Unknown | FromGateway::Hello { .. }) => {}
                Some(FromGateway::Ack) => heartbeat.answered(),
                Some(FromGateway::Ready { session, seq }) => {
                    self.resume.welcomed(&session, seq);
                    tell("connected");
                }
                Some(FromGateway::Resumed) => tell("connected again"),
                Some(FromGateway::Message { seq, channel, author, text }) => {
                    self.message(seq, &channel, &author, text)?;
                }
                Some(FromGateway::Reconnect) => return Ok(End::Asked),
                Some(FromGateway::Invalid) => {
                    self.resume.forgotten();
                    return Ok(End::Asked);
                }
            }
        }
    }

    /// Hands a message over, if it is new and of a channel that was asked for.
    fn message(&mut self, seq: u64, channel: &str, author: &str, text: String) -> Result<(), End> {
        match self.resume.clone().saw(seq) {
            Seen::Again => return Ok(()),
            Seen::New => {}
            Seen::Gap(missing) => warn!("{missing} messages are missing before {seq}"),
        }
        if self.channels.is_none_or(|channels| channels.iter().any(|own| own == channel)) {
            let source = format!("{author} in {channel}");
            let message = Ingress::text("chat/message", &source, text).worker(self.worker.map(str::to_owned));
            hand_over(&message)?;
        }
        // only now: what was not handed over is asked for again
        let _ = self.resume.saw(seq);
        Ok(())
    }

    /// The next message that can be read, or none in that time.
    fn next(&self, wait: Duration) -> Result<Option<FromGateway>, End> {
        match self.connection.receive(wait)? {
            Received::Timeout => Ok(None),
            Received::Closed(close) if close.is_transient() => Err(End::Lost(format!("closed with {close}"))),
            Received::Closed(close) => Err(End::Refused(format!("closed with {close}"))),
            Received::Message(Message::Binary(_)) => Ok(Some(FromGateway::Unknown)),
            Received::Message(Message::Text(text)) => match serde_json::from_str(&text) {
                Ok(message) => Ok(Some(message)),
                Err(error) => {
                    // not the text: whoever reads the log is not whom it was for
                    warn!("a message could not be read: {error}");
                    Ok(Some(FromGateway::Unknown))
                }
            },
        }
    }

    fn send(&self, message: &ToGateway<'_>) -> Result<(), End> {
        self.connection.send_text(&message.to_json()).map_err(|error: websocket::Error| End::from(error))
    }
}

/// Hands a message over, and waits while nobody takes it: the gateway's messages wait meanwhile, in the
/// host and then at the gateway, and none is lost.
fn hand_over(message: &Ingress) -> Result<(), End> {
    loop {
        match message.clone().send() {
            Ok(()) => return Ok(()),
            Err(emit::Error::Cancelled) => return Err(End::Stopped),
            Err(emit::Error::TooMany) => clock::sleep(FULL_WAIT).map_err(|_| End::Stopped)?,
            Err(error @ emit::Error::UnknownWorker(_)) => return Err(End::Refused(error.to_string())),
            Err(error) => {
                // one message that cannot be handed over must not stop all others
                warn!("a message was left out: {error}");
                return Ok(());
            }
        }
    }
}
