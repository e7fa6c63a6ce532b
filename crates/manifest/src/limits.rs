//! What a plugin may use.
//!
//! Owns each limit's name, its default and the host's cap, in one table. Must not enforce them.

use crate::document::Members;
use serde::Serialize;
use std::time::Duration;

macro_rules! limits {
    ($($name:ident: $default:expr, $cap:expr, $doc:literal;)*) => {
        /// What a plugin may use, within the host's caps.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[non_exhaustive]
        pub struct Limits {
            $(#[doc = $doc] pub $name: u64,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                Limits { $($name: $default,)* }
            }
        }

        impl Limits {
            /// The most that a manifest can ask for.
            pub const CAPS: Limits = Limits { $($name: $cap,)* };

            /// Each with its name, its value, its default and its cap.
            pub fn each(&self) -> impl Iterator<Item = (&'static str, u64, u64, u64)> {
                [$((stringify!($name), self.$name, $default, $cap),)*].into_iter()
            }

            pub(crate) fn read(members: Members<'_, '_>) -> Limits {
                let mut limits = Limits::default();
                $(if let Some(value) = limit(&members, stringify!($name), $cap) {
                    limits.$name = value;
                })*
                limits.check(&members);
                members.finish();
                limits
            }
        }
    };
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

limits! {
    connections: 8, 64, "Open WebSockets.";
    message_bytes: MIB, 16 * MIB, "Bytes of one message.";
    frame_bytes: 256 * KIB, 16 * MIB, "Bytes of one frame.";
    receive_messages: 64, 1024, "Messages that wait for the plugin on one connection.";
    receive_bytes: 4 * MIB, 32 * MIB, "Bytes that wait for the plugin on one connection.";
    send_per_second: 100, 10_000, "Messages that may be sent in a second, on all connections.";
    connect_timeout_ms: 10_000, 60_000, "Until a connection stands: names, TCP, TLS and handshake.";
    lifetime_s: 86_400, 86_400, "How long one connection lives.";
    idle_s: 600, 86_400, "How long a connection may be silent.";
    requests: 8, 64, "Requests under way.";
    request_bytes: MIB, 16 * MIB, "Bytes of a request's body.";
    response_bytes: 4 * MIB, 64 * MIB, "Bytes of a response's body.";
    request_timeout_ms: 30_000, 120_000, "Until a response is there.";
    memory_bytes: 64 * MIB, 512 * MIB, "Bytes of the plugin's own memory.";
    start_deadline_ms: 5_000, 60_000, "For `start`.";
    call_deadline_ms: 30_000, 300_000, "For one call of a tool.";
    stop_deadline_ms: 3_000, 30_000, "For `stop`.";
}

impl Limits {
    /// Until a connection stands.
    #[must_use]
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    /// How long one connection lives.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        Duration::from_secs(self.lifetime_s)
    }

    /// How long a connection may be silent.
    #[must_use]
    pub fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_s)
    }

    /// Until a response is there.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// For `start`, for one call, and for `stop`.
    #[must_use]
    pub fn deadlines(&self) -> [Duration; 3] {
        [self.start_deadline_ms, self.call_deadline_ms, self.stop_deadline_ms].map(Duration::from_millis)
    }

    /// What cannot be together.
    fn check(&self, members: &Members<'_, '_>) {
        if self.frame_bytes > self.message_bytes {
            let message =
                format!("`frame_bytes` ({}) is more than `message_bytes` ({})", self.frame_bytes, self.message_bytes);
            members.document.problem(members.at, message, "a message is one frame or more");
        }
        if self.message_bytes > self.receive_bytes {
            let message = format!(
                "`message_bytes` ({}) is more than `receive_bytes` ({})",
                self.message_bytes, self.receive_bytes
            );
            members.document.problem(members.at, message, "raise `receive_bytes`: a whole message has to fit in");
        }
    }
}

fn limit(members: &Members<'_, '_>, name: &'static str, cap: u64) -> Option<u64> {
    let value = members.number(name)?;
    if value.value == 0 || value.value > cap {
        let message = format!("`{name}` is {}", value.value);
        members.document.problem(value.at, message, format!("the host allows 1 to {cap}"));
        return None;
    }
    Some(value.value)
}
