//! The way to a runtime, which can be cut.
//!
//! Owns a port that passes on whatever comes. While it is cut nothing listens there.

use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The way to a runtime.
pub struct Switch {
    /// Where it begins.
    pub address: SocketAddr,
    to: SocketAddr,
    open: Option<DropGuard>,
}

impl Switch {
    /// A way to `to`.
    pub async fn to(to: SocketAddr) -> Switch {
        let listener = listen(([127, 0, 0, 1], 0).into());
        let mut switch = Switch { address: listener.local_addr().unwrap(), to, open: None };
        switch.pass(listener);
        switch
    }

    /// Cuts every connection, and refuses new ones.
    pub fn cut(&mut self) {
        self.open = None;
    }

    /// Lets connections through again.
    pub async fn restore(&mut self) {
        let address = self.address;
        let listener = super::until("the port is free", || async move { try_listen(address).ok() }).await;
        self.pass(listener);
    }

    fn pass(&mut self, listener: TcpListener) {
        let cut = CancellationToken::new();
        self.open = Some(cut.clone().drop_guard());
        let to = self.to;
        tokio::spawn(cut.run_until_cancelled_owned(async move {
            let mut connections = JoinSet::new();
            loop {
                let Ok((mut from, _)) = listener.accept().await else { continue };
                connections.spawn(async move {
                    let Ok(mut to) = TcpStream::connect(to).await else { return };
                    let _ = (from.set_nodelay(true), to.set_nodelay(true));
                    let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                });
                while connections.try_join_next().is_some() {}
            }
        }));
    }
}

fn try_listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(256)
}

fn listen(address: SocketAddr) -> TcpListener {
    try_listen(address).unwrap()
}
