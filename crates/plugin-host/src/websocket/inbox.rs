//! Messages that wait for the plugin.
//!
//! Owns the bound on them, by number and by bytes, and how the connection ended. When it is full the
//! task does not read, so that the peer waits and nothing is lost. Must not hold its lock over a wait.

use crate::bindings::websocket::{CloseInfo, Message as Given, Received};
use parking_lot::Mutex;
use std::collections::VecDeque;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;

/// The queue of one connection, with one reader and one writer.
#[derive(Debug)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    /// For the plugin: something came, or the end did.
    arrived: Notify,
    /// For the task: there may be room.
    taken: Notify,
    max_messages: usize,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Message>,
    bytes: usize,
    ended: Option<CloseInfo>,
    is_abandoned: bool,
}

impl Inbox {
    pub fn new(max_messages: u64, max_bytes: u64) -> Inbox {
        let bound = |limit| usize::try_from(limit).unwrap_or(usize::MAX).max(1);
        Inbox {
            state: Mutex::default(),
            arrived: Notify::new(),
            taken: Notify::new(),
            max_messages: bound(max_messages),
            max_bytes: bound(max_bytes),
        }
    }

    /// What came first, or the end if nothing is left before it.
    pub fn try_next(&self) -> Option<Received> {
        let mut state = self.state.lock();
        let Some(message) = state.waiting.pop_front() else {
            return state.ended.clone().map(Received::Closed);
        };
        state.bytes -= message.len();
        drop(state);
        self.taken.notify_one();
        match message {
            Message::Text(text) => Some(Received::Message(Given::Text(text.as_str().to_owned()))),
            message => Some(Received::Message(Given::Binary(message.into_data().into()))),
        }
    }

    /// Waits for it.
    pub async fn next(&self) -> Received {
        loop {
            if let Some(received) = self.try_next() {
                return received;
            }
            self.arrived.notified().await;
        }
    }

    /// Waits until one more may be read.
    pub async fn room(&self) {
        loop {
            {
                let state = self.state.lock();
                let has_room = state.waiting.len() < self.max_messages && state.bytes < self.max_bytes;
                if has_room || state.is_abandoned {
                    return;
                }
            }
            self.taken.notified().await;
        }
    }

    /// Puts a message last. Nobody waits for those of a connection that was dropped.
    pub fn put(&self, message: Message) {
        let mut state = self.state.lock();
        if state.is_abandoned {
            return;
        }
        state.bytes += message.len();
        state.waiting.push_back(message);
        drop(state);
        self.arrived.notify_one();
    }

    /// Says how the connection ended. The first end counts.
    pub fn end(&self, info: CloseInfo) {
        self.state.lock().ended.get_or_insert(info);
        self.arrived.notify_one();
    }

    /// How the connection ended.
    pub fn ended(&self) -> Option<CloseInfo> {
        self.state.lock().ended.clone()
    }

    /// Forgets what waits: the plugin has dropped the connection.
    pub fn abandon(&self) {
        let mut state = self.state.lock();
        state.is_abandoned = true;
        state.waiting = VecDeque::new();
        state.bytes = 0;
        drop(state);
        self.taken.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn it_is_bounded_by_number_and_by_bytes_and_keeps_the_order() {
        for (messages, bytes) in [(3, 1000), (1000, 30)] {
            let inbox = Inbox::new(messages, bytes);
            for n in 0..3_u8 {
                timeout(Duration::from_millis(1), inbox.room()).await.expect("room");
                inbox.put(Message::binary(vec![n; 10]));
            }
            timeout(Duration::from_millis(1), inbox.room()).await.expect_err("it is full");
            inbox.end(CloseInfo { code: 1000, reason: String::new() });
            for n in 0..3_u8 {
                assert!(matches!(inbox.next().await, Received::Message(Given::Binary(b)) if b == [n; 10]));
            }
            timeout(Duration::from_millis(1), inbox.room()).await.expect("room");
            assert!(matches!(inbox.next().await, Received::Closed(info) if info.code == 1000));
            assert!(matches!(inbox.next().await, Received::Closed(info) if info.code == 1000), "and it stays so");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_for_a_dropped_connection_is_forgotten() {
        let inbox = Inbox::new(1, 1);
        inbox.put(Message::text("much more than there is room for"));
        inbox.abandon();
        timeout(Duration::from_millis(1), inbox.room()).await.expect("it no longer holds the socket back");
        inbox.put(Message::text("late"));
        assert!(inbox.try_next().is_none());
    }
}
