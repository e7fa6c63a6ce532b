//! Plugins beside a runtime: real files, a real guest, a real program, a real WebSocket.
//!
//! Owns nothing: each module below is one subject.

#[cfg(test)]
mod beside;
#[cfg(test)]
mod gateway;
#[cfg(test)]
mod standing;
#[cfg(test)]
mod workspace;
