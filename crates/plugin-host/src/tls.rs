//! Whom to trust when dialling out.
//!
//! Owns the client's TLS configuration: the system's authorities and those that the options add,
//! `ring` as the provider, no tickets kept between connections. Must not connect.

use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be set up: {0}")]
pub struct TlsError(#[from] rustls::Error);

/// Whom TLS trusts.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Authorities besides the system's.
    pub extra: Vec<CertificateDer<'static>>,
    /// Whether the system's authorities count.
    pub system: SystemRoots,
}

/// Whether the system's authorities count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SystemRoots {
    /// They do.
    #[default]
    Trusted,
    /// Only those of the options do.
    Ignored,
}

/// A connector that trusts these. Sessions are not resumed: a ticket of one plugin's connection
/// would make another's recognisable.
pub(crate) fn connector(trust: &Trust) -> Result<TlsConnector, TlsError> {
    let mut roots = RootCertStore::empty();
    if trust.system == SystemRoots::Trusted {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    for certificate in &trust.extra {
        roots.add(certificate.clone())?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}
