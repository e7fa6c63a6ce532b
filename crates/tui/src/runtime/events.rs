//! What comes from the terminal.
//!
//! Owns taking many events at once, so that keys that repeat and text that is pasted cost one frame.

use crate::update::Message;
use crossterm::event::Event;
use futures_util::{Stream, StreamExt};
use std::future::poll_fn;
use std::io;
use std::task::Poll;

/// The most events that are taken at once.
const AT_ONCE: usize = 512;

/// Whether there will be more events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum More {
    /// There may be.
    Yes,
    /// The terminal is gone.
    No,
}

/// The terminal's events.
pub struct Events<S>(S);

impl<S: Stream<Item = io::Result<Event>> + Unpin> Events<S> {
    pub fn new(stream: S) -> Self {
        Events(stream)
    }

    /// Waits for an event, then takes what is there. Cancel-safe.
    pub async fn next(&mut self, into: &mut Vec<Message>) -> io::Result<More> {
        let begun = into.len();
        // always with the loop's own waker: crossterm keeps the first that it is polled with
        poll_fn(|context| {
            while into.len() - begun < AT_ONCE {
                match self.0.poll_next_unpin(context) {
                    Poll::Ready(Some(Ok(event))) => into.push(Message::Terminal(event)),
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                    // the end is found again by the next call
                    Poll::Ready(None) if into.len() == begun => return Poll::Ready(Ok(More::No)),
                    Poll::Pending if into.len() == begun => return Poll::Pending,
                    Poll::Ready(None) | Poll::Pending => break,
                }
            }
            Poll::Ready(Ok(More::Yes))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    #[tokio::test]
    async fn the_terminal_never_sees_a_waker_that_wakes_nobody() {
        let mut left = vec![Event::FocusLost, Event::FocusGained];
        let stream = futures_util::stream::poll_fn(move |context| {
            assert!(!context.waker().will_wake(Waker::noop()));
            match left.pop() {
                Some(event) => Poll::Ready(Some(Ok(event))),
                None => Poll::Pending,
            }
        });
        let (mut events, mut messages) = (Events::new(stream), Vec::new());
        assert_eq!(events.next(&mut messages).await.unwrap(), More::Yes);
        assert_eq!(messages.len(), 2);
    }
}
