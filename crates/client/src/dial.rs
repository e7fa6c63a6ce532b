//! A connection to the server, ready to speak HTTP.
//!
//! Owns connecting and TLS, and how their failures are told apart. The caller limits its time. Must
//! not try again.

use crate::connect::Io;
use crate::endpoint::Transport;
use crate::error::Error;
use crate::server::Server;
use crate::tls;
use rustls::pki_types::ServerName;
use std::sync::Arc;
use tokio_rustls::TlsConnector;

impl Server {
    /// Connects, and speaks TLS where the URL asks for it.
    pub(crate) async fn dial(&self) -> Result<Box<dyn Io>, Error> {
        let (root, target) = (&self.root, self.root.authority());
        let connect = |reason: String| Error::Connect { target: target.clone(), reason };
        let plain = self.connector.connect(root.host(), root.port()).await.map_err(|e| connect(e.to_string()))?;
        if root.transport() == Transport::Plain {
            return Ok(plain);
        }
        let failed = |reason: String| Error::Tls { target: target.clone(), reason };
        let name = ServerName::try_from(root.host().to_owned()).map_err(|e| failed(e.to_string()))?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let encrypted = connector.connect(name, plain).await;
        Ok(Box::new(encrypted.map_err(|e| match tls::refused(&e) {
            Some(reason) => failed(reason),
            None => connect(e.to_string()),
        })?))
    }
}
