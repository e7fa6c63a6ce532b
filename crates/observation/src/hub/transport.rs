//! What a socket's bytes travel by.
//!
//! Owns telling a plain TCP socket from every other connection: it is written to without detours.
//! Must not know what is written.

use std::any::Any;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection that bytes can be read from and written to.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {
    /// What bytes travel by, itself or in the box that it is.
    fn into_transport(self: Box<Self>) -> Transport;
}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {
    fn into_transport(self: Box<Self>) -> Transport {
        let mut io = Some(*self);
        let any: &mut dyn Any = &mut io;
        if let Some(tcp) = any.downcast_mut::<Option<TcpStream>>().and_then(Option::take) {
            return Transport::Tcp(tcp);
        }
        if let Some(boxed) = any.downcast_mut::<Option<Box<dyn Io>>>().and_then(Option::take) {
            return boxed.into_transport();
        }
        match io {
            Some(io) => Transport::Other(Box::new(io)),
            // it was taken above
            None => Transport::Other(Box::new(tokio::io::empty())),
        }
    }
}

/// What a socket's bytes travel by.
pub enum Transport {
    /// TCP itself.
    Tcp(TcpStream),
    /// Anything else, such as TLS.
    Other(Box<dyn Io>),
}

impl Transport {
    /// Writes what it takes of a few bytes at once. Where it is full, [`Transport::poll_write`] waits.
    pub(super) fn write_now(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            // neither readiness nor the budget of a task is asked for first
            Transport::Tcp(tcp) => match tcp.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
                written => Poll::Ready(written),
            },
            Transport::Other(io) => Pin::new(io).poll_write(cx, bytes),
        }
    }

    /// Writes pieces, as many as it takes.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match (self, pieces) {
            // one alone is cheaper to send than to gather
            (Transport::Tcp(tcp), [piece]) => Pin::new(tcp).poll_write(cx, piece),
            (Transport::Tcp(tcp), pieces) => Pin::new(tcp).poll_write_vectored(cx, pieces),
            (Transport::Other(io), [piece]) => Pin::new(io).poll_write(cx, piece),
            (Transport::Other(io), pieces) => Pin::new(io).poll_write_vectored(cx, pieces),
        }
    }

    /// Reads what is there.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Transport::Tcp(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Transport::Other(io) => Pin::new(io).poll_read(cx, buf),
        }
    }

    /// Passes on what is held back.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Transport::Tcp(_) => Poll::Ready(Ok(())),
            Transport::Other(io) => Pin::new(io).poll_flush(cx),
        }
    }

    /// Closes the writing side.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Transport::Tcp(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Transport::Other(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn tcp_is_found_in_any_box() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let boxes: [fn(TcpStream) -> Box<dyn Io>; 3] = [
            |tcp| Box::new(tcp),
            |tcp| Box::new(Box::new(tcp) as Box<dyn Io>),
            |tcp| Box::new(tokio::io::join(tcp, tokio::io::sink())),
        ];
        let found = boxes.map(|boxed| async move {
            let tcp = TcpStream::connect(address).await.unwrap();
            matches!(boxed(tcp).into_transport(), Transport::Tcp(_))
        });
        assert_eq!(futures_util::future::join_all(found).await, [true, true, false]);
    }

    #[tokio::test]
    async fn a_full_socket_says_so_and_then_waits_for_room() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let theirs = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (ours, _) = listener.accept().await.unwrap();
        let mut transport = Box::new(ours).into_transport();
        let (piece, mut sent) = (vec![7; 100_000], 0_usize);
        std::future::poll_fn(|cx| match transport.write_now(cx, &piece) {
            Poll::Ready(written) => {
                sent += written.unwrap();
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Pending => Poll::Ready(()),
        })
        .await;
        assert!(sent > 0);
        let reading = tokio::spawn(async move {
            let mut got = 0;
            let mut buf = vec![0; 1 << 16];
            while got < sent + 1 {
                theirs.readable().await.unwrap();
                got += theirs.try_read(&mut buf).unwrap_or(0);
            }
        });
        // wakes although the readiness was used up by the short way
        let one = std::future::poll_fn(|cx| transport.poll_write(cx, &[IoSlice::new(b"x")])).await;
        assert_eq!(one.unwrap(), 1);
        reading.await.unwrap();
    }
}
