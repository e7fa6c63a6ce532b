//! Whom to trust.
//!
//! Owns the one TLS configuration that REST calls and streams share, with `ring` as its provider,
//! named rather than installed for the whole process. Must not connect.

use crate::error::Error;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// The configuration that trusts `ca`, or the system's authorities where there is none.
///
/// The system's are loaded only for `https`, which is where they are needed.
pub(crate) fn config(ca: Option<&[u8]>, transport: crate::endpoint::Transport) -> Result<ClientConfig, Error> {
    let roots = match (ca, transport) {
        (Some(pem), _) => given(pem)?,
        (None, crate::endpoint::Transport::Tls) => system()?,
        (None, crate::endpoint::Transport::Plain) => RootCertStore::empty(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid(format!("TLS cannot be set up: {error}")))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn given(pem: &[u8]) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| invalid(format!("the CA file is not PEM: {error}")))?;
        roots.add(certificate).map_err(|error| invalid(format!("the CA file holds a bad certificate: {error}")))?;
    }
    if roots.is_empty() {
        return Err(invalid("the CA file holds no certificate".to_owned()));
    }
    Ok(roots)
}

fn system() -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(invalid("this system has no certificate authorities; give a CA file".to_owned()));
    }
    Ok(roots)
}

fn invalid(reason: String) -> Error {
    Error::InvalidOption { reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Transport;

    #[test]
    fn a_ca_that_is_none_is_refused() {
        for bad in [&b""[..], b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(matches!(config(Some(bad), Transport::Tls), Err(Error::InvalidOption { .. })));
        }
        assert!(config(None, Transport::Plain).is_ok());
    }
}
