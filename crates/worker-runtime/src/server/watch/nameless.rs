//! The end of a WebSocket that asked for something that is no worker's name.
//!
//! Owns the one diagnostic and the close frame of such a socket: a stream's frames name their
//! worker, and here there is none to name. Must not serve streams.

use protocol::{Diagnostic, Frame};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// How long the peer may take to read it and close.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells `diagnostic`, then closes with its code.
pub(super) async fn refuse<I: AsyncRead + AsyncWrite + Unpin>(mut io: I, diagnostic: &Diagnostic) {
    let bytes = frames(diagnostic);
    let telling = async {
        io.write_all(&bytes).await?;
        io.flush().await?;
        // its close frame, or its end: nothing that it says matters any more
        let mut thrown_away = [0; 256];
        while io.read(&mut thrown_away).await? == thrown_away.len() {}
        io.shutdown().await
    };
    if let Ok(Err(error)) = timeout(PATIENCE, telling).await {
        tracing::debug!(%error, "a socket broke before it was told why it is refused");
    }
}

/// A text frame and a close frame (RFC 6455 §5.2, §5.5.1).
fn frames(diagnostic: &Diagnostic) -> Vec<u8> {
    let frame = Frame::Diagnostic { cursor: None, runtime_id: None, worker_id: None, diagnostic: diagnostic.clone() };
    let json = serde_json::to_vec(&frame).unwrap_or_default();
    let mut out = Vec::with_capacity(json.len() + 64);
    push(&mut out, 0x81, &json);
    let code = diagnostic.code.info().close_code.unwrap_or(1011);
    let close = [&code.to_be_bytes()[..], diagnostic.code.as_str().as_bytes()].concat();
    push(&mut out, 0x88, &close);
    out
}

fn push(out: &mut Vec<u8>, first: u8, payload: &[u8]) {
    out.push(first);
    match u8::try_from(payload.len()) {
        Ok(len) if len < 126 => out.push(len),
        _ => {
            out.push(126);
            out.extend_from_slice(&u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Code;

    #[test]
    fn is_one_text_and_one_close() {
        let bytes = frames(&Diagnostic::new(Code::WorkerNotFound, "there is no such worker"));
        let len = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        assert_eq!(bytes[..2], [0x81, 126]);
        let frame = Frame::from_json(std::str::from_utf8(&bytes[4..4 + len]).unwrap()).unwrap();
        assert!(matches!(frame, Frame::Diagnostic { worker_id: None, .. }));
        let close = &bytes[4 + len..];
        assert_eq!(close[..4], [0x88, 18, (4404 >> 8) as u8, (4404 & 0xff) as u8]);
        assert_eq!(&close[4..], b"worker_not_found");
    }
}
