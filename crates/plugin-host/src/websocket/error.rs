//! What goes wrong, in the words of the WIT.
//!
//! Owns which error is which. Must not show a query, a header's value or a credential.

use crate::bindings::websocket::WsError;
use crate::dial::DialError;
use crate::http1::HeaderError;
use crate::permission::words;
use manifest::{Reason, Refusal};

impl From<Refusal> for WsError {
    fn from(refusal: Refusal) -> WsError {
        match refusal.reason() {
            Reason::InvalidUrl(_) => WsError::InvalidUrl(refusal.to_string()),
            _ => WsError::Denied(words(&refusal)),
        }
    }
}

impl From<HeaderError> for WsError {
    fn from(error: HeaderError) -> WsError {
        match error {
            HeaderError::Credential(_) => WsError::Denied(error.to_string()),
            error => WsError::Protocol(error.to_string()),
        }
    }
}

impl From<DialError> for WsError {
    fn from(error: DialError) -> WsError {
        match error {
            DialError::Refused(refusal) => refusal.into(),
            DialError::Timeout => WsError::Timeout,
            DialError::Tls(text) => WsError::Tls(text),
            error => WsError::ConnectFailed(error.to_string()),
        }
    }
}
