//! The bytes of one connection.
//!
//! Owns three things that the HTTP library leaves to others: a peer that takes nothing is not
//! waited for, an answer that ends the connection arrives (RFC 9112 §9.6), and an answer that the
//! library writes by itself is a problem document. Must not know requests.

use super::automatic;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long what still comes is read after the last byte was written: closing before would have
/// the peer's system throw away an answer that it has not read.
const LINGER: Duration = Duration::from_secs(1);

/// One connection's bytes.
pub(super) struct Conn<I> {
    io: I,
    slow_after: Duration,
    header_bytes: usize,
    /// Runs while the peer takes nothing, or while what still comes is read.
    timer: Option<Pin<Box<Sleep>>>,
    /// What goes out in place of an answer of this length, and how much of it has.
    instead: Option<(Vec<u8>, usize)>,
    end: End,
}

/// How far the end has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    /// The writing side is closed.
    Lingering,
    Done,
}

impl<I> Conn<I> {
    pub fn new(io: I, slow_after: Duration, header_bytes: usize) -> Conn<I> {
        Conn { io, slow_after, header_bytes, timer: None, instead: None, end: End::Open }
    }

    /// The connection itself.
    #[cfg(feature = "ws")]
    pub fn into_inner(self) -> I {
        self.io
    }

    /// Bounds how long a write may get nowhere.
    fn bounded<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.timer = None;
            return written;
        }
        ready!(self.timer(cx, self.slow_after));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer took nothing for too long")))
    }

    fn timer(&mut self, cx: &mut Context<'_>, after: Duration) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + after)));
        timer.as_mut().poll(cx)
    }
}

impl<I: AsyncWrite + Unpin> Conn<I> {
    /// Writes what goes out in place of `len` bytes, and says that those were written.
    fn poll_instead(&mut self, cx: &mut Context<'_>, len: usize) -> Poll<io::Result<usize>> {
        while let Some((bytes, done)) = &mut self.instead {
            let rest = bytes.get(*done..).unwrap_or_default();
            if rest.is_empty() {
                self.instead = None;
                break;
            }
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *done += written;
        }
        Poll::Ready(Ok(len))
    }

    fn poll_write_one(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.instead.is_some() {
            return self.poll_instead(cx, bytes.len());
        }
        match automatic::find(bytes) {
            Some((0, status)) => {
                self.instead = Some((automatic::instead(status, self.header_bytes), 0));
                self.poll_instead(cx, bytes.len())
            }
            Some((at, _)) => Pin::new(&mut self.io).poll_write(cx, bytes.get(..at).unwrap_or_default()),
            None => Pin::new(&mut self.io).poll_write(cx, bytes),
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Conn<I> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_read(cx, buf)
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Conn<I> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = this.poll_write_one(cx, bytes);
        this.bounded(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = match slices {
            // an answer without content is written by itself
            [one] => this.poll_write_one(cx, one),
            many => Pin::new(&mut this.io).poll_write_vectored(cx, many),
        };
        this.bounded(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.io).poll_flush(cx);
        // on a plain socket there is nothing to flush, which must not count as progress
        if flushed.is_ready() { flushed } else { this.bounded(cx, flushed) }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.end == End::Open {
            let shut = Pin::new(&mut this.io).poll_shutdown(cx);
            ready!(this.bounded(cx, shut))?;
            this.end = End::Lingering;
        }
        let mut thrown_away = [0; 4096];
        while this.end == End::Lingering {
            let mut buf = ReadBuf::new(&mut thrown_away);
            match Pin::new(&mut this.io).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {
                    if this.timer(cx, LINGER).is_ready() {
                        this.end = End::Done;
                    }
                }
                Poll::Ready(_) => this.end = End::Done,
                Poll::Pending => {
                    ready!(this.timer(cx, LINGER));
                    this.end = End::Done;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_given_up() {
        let (ours, _theirs) = duplex(64);
        let mut conn = Conn::new(ours, Duration::from_secs(30), 8192);
        let started = Instant::now();
        let error = conn.write_all(&[7; 100]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(started.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_is_only_slow_is_waited_for() {
        let (ours, mut theirs) = duplex(64);
        let mut conn = Conn::new(ours, Duration::from_secs(30), 8192);
        let reading = tokio::spawn(async move {
            let mut got = 0;
            while got < 640 {
                tokio::time::sleep(Duration::from_secs(20)).await;
                got += theirs.read(&mut [0; 64]).await.unwrap();
            }
        });
        conn.write_all(&[7; 640]).await.unwrap();
        reading.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn what_still_comes_is_read_before_closing() {
        let (ours, mut theirs) = duplex(64);
        let mut conn = Conn::new(ours, Duration::from_secs(30), 8192);
        let closing = tokio::spawn(async move { conn.shutdown().await });
        theirs.write_all(&[7; 1000]).await.unwrap();
        assert_eq!(theirs.read(&mut [0; 10]).await.unwrap(), 0);
        drop(theirs);
        closing.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_bare_refusal_becomes_a_problem_document() {
        let (ours, mut theirs) = duplex(64);
        let mut conn = Conn::new(ours, Duration::from_secs(30), 8192);
        let bare = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let written = [b"{\"a\":1}".as_slice(), bare].concat();
        let writing = tokio::spawn(async move {
            conn.write_all(&written).await.unwrap();
            conn.shutdown().await.unwrap();
        });
        let mut got = String::new();
        theirs.read_to_string(&mut got).await.unwrap();
        drop(theirs);
        writing.await.unwrap();
        assert!(
            got.starts_with("{\"a\":1}HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json"),
            "{got}"
        );
        assert!(got.ends_with("}") && got.contains("\"code\":\"invalid_input\""), "{got}");
    }
}
