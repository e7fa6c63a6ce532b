//! Whom to trust.
//!
//! Owns the one TLS configuration that REST calls and streams share, with `ring` as its provider,
//! named rather than installed for the whole process. Must not connect.

use crate::endpoint::Transport;
use crate::error::Error;
use crate::pin::{CertificatePin, Pinned};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use std::io;
use std::sync::Arc;

/// The configuration that trusts the pinned certificate, or else `ca`, or else the system's
/// authorities.
///
/// The system's are loaded only for `https`, which is where they are needed.
pub(crate) fn config(
    ca: Option<&[u8]>,
    pin: Option<CertificatePin>,
    transport: Transport,
) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid(format!("TLS cannot be set up: {error}")))?;
    if let Some(pin) = pin {
        if transport == Transport::Plain {
            return Err(invalid("a pinned certificate takes a URL with https".to_owned()));
        }
        let verifier = Arc::new(Pinned { pin, provider });
        return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
    }
    let roots = match (ca, transport) {
        (Some(pem), _) => given(pem)?,
        (None, Transport::Tls) => system()?,
        (None, Transport::Plain) => RootCertStore::empty(),
    };
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// What TLS says, where it is what failed: it did not trust the other side, was not trusted, or
/// met something that is no TLS.
pub(crate) fn refused(error: &io::Error) -> Option<String> {
    let inner = error.get_ref()?;
    match inner.downcast_ref::<io::Error>() {
        // wrapped by somebody on the way; `source` would pass over what is in it
        Some(wrapped) => refused(wrapped),
        None => inner.downcast_ref().map(words),
    }
}

/// An error of TLS in words.
pub(crate) fn words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(ours)) => ours.to_string(),
        error => error.to_string(),
    }
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

    #[test]
    fn a_ca_that_is_none_is_refused() {
        for bad in [&b""[..], b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert!(matches!(config(Some(bad), None, Transport::Tls), Err(Error::InvalidOption { .. })));
        }
        assert!(config(None, None, Transport::Plain).is_ok());
    }

    #[test]
    fn a_pin_that_would_protect_nothing_is_refused() {
        let pin = Some(CertificatePin::of(b"x"));
        assert!(matches!(config(None, pin, Transport::Plain), Err(Error::InvalidOption { .. })));
        assert!(config(None, pin, Transport::Tls).is_ok());
    }
}
