//! Messages in frames of a bounded size.
//!
//! Owns how a message that is larger than a frame may be is cut. Must not copy what it cuts.

use bytes::Bytes;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// A message as it is sent: itself, or its frames.
pub(super) fn cut(message: Message, frame_bytes: usize) -> impl Iterator<Item = Message> {
    let fits = message.len() <= frame_bytes;
    let first = if message.is_text() { Data::Text } else { Data::Binary };
    let (whole, rest) = if fits { (Some(message), Bytes::new()) } else { (None, message.into_data()) };
    whole.into_iter().chain(Frames { rest, next: first, frame_bytes: frame_bytes.max(1) })
}

struct Frames {
    rest: Bytes,
    next: Data,
    frame_bytes: usize,
}

impl Iterator for Frames {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        if self.rest.is_empty() {
            return None;
        }
        let part = self.rest.split_to(self.rest.len().min(self.frame_bytes));
        let kind = std::mem::replace(&mut self.next, Data::Continue);
        Some(Message::Frame(Frame::message(part, OpCode::Data(kind), self.rest.is_empty())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_large_is_cut_and_nothing_of_it_is_lost() {
        for (len, frames) in [(0, 1), (1, 1), (10, 1), (11, 2), (20, 2), (21, 3)] {
            let bytes: Vec<u8> = (0..len).collect();
            let cut: Vec<Message> = cut(Message::binary(bytes.clone()), 10).collect();
            assert_eq!(cut.len(), frames, "{len}");
            let joined: Vec<u8> = cut.iter().flat_map(|frame| frame.clone().into_data()).collect();
            assert_eq!(joined, bytes);
            let finals = cut.iter().filter(|m| !matches!(m, Message::Frame(f) if !f.header().is_final)).count();
            assert_eq!(finals, 1, "{len}");
        }
    }
}
