//! A certificate known beforehand.
//!
//! Owns the fingerprint and the check against it. Who holds the key of the pinned certificate is
//! still proved by the handshake's signature; its names, dates and authorities do not matter.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, OtherError, SignatureScheme};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The SHA-256 of a server's certificate in DER. Written as 64 hexadecimal digits, with or
/// without colons between bytes, as `openssl x509 -fingerprint -sha256` prints it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CertificatePin([u8; 32]);

/// Why a text is no fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a certificate's fingerprint is 64 hexadecimal digits of SHA-256, with or without colons")]
pub struct PinError;

/// Why a certificate was refused.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the server's certificate is not the pinned one; its SHA-256 is {0}")]
struct NotPinned(CertificatePin);

impl CertificatePin {
    /// The fingerprint of a certificate.
    #[must_use]
    pub fn of(certificate_der: &[u8]) -> CertificatePin {
        CertificatePin(Sha256::digest(certificate_der).into())
    }
}

impl FromStr for CertificatePin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<CertificatePin, PinError> {
        let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or(PinError);
        let digits = match text.split(':').collect::<Vec<_>>().as_slice() {
            [whole] => (*whole).to_owned(),
            bytes if bytes.iter().all(|byte| byte.len() == 2) => bytes.concat(),
            _ => return Err(PinError),
        };
        let mut pin = [0; 32];
        if digits.len() != 2 * pin.len() {
            return Err(PinError);
        }
        for (byte, pair) in pin.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            let [high, low] = pair else { return Err(PinError) };
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(CertificatePin(pin))
    }
}

impl fmt::Display for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Takes the pinned certificate and no other.
#[derive(Debug)]
pub(crate) struct Pinned {
    pub(crate) pin: CertificatePin,
    pub(crate) provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let found = CertificatePin::of(end_entity);
        if found == self.pin {
            return Ok(ServerCertVerified::assertion());
        }
        Err(CertificateError::Other(OtherError(Arc::new(NotPinned(found)))).into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_and_openssl_write() {
        let pin = CertificatePin::of(b"abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(pin.to_string(), text);
        let pairs: Vec<&str> = (0..32).map(|n| &text[2 * n..2 * n + 2]).collect();
        for good in [text.to_owned(), text.to_uppercase(), pairs.join(":").to_uppercase()] {
            assert_eq!(good.parse(), Ok(pin), "{good}");
        }
        for bad in ["", "ba78", &text[1..], &format!("{text}00"), &text.replace('b', "g"), &text.replace('b', ":"), "é"]
        {
            assert_eq!(bad.parse::<CertificatePin>(), Err(PinError), "{bad}");
        }
    }
}
