//! What time it is.
//!
//! Owns the one reading of the machine's clock.

use protocol::Timestamp;

/// Now.
pub fn now() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
}
