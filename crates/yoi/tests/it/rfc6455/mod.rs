//! RFC 6455 by raw sockets, against every server that speaks it.
//!
//! Owns a frame writer and reader of its own, which share nothing with the servers' code nor with
//! the library that our clients use, and one case for each thing that the standard asks of a
//! server. Where the standard leaves a choice, the case says what `docs/wire.md` chose.

mod abandoned;
mod closing;
mod control;
mod credentials;
mod deflate;
mod earshot;
mod fragments;
mod frames;
mod handshake;
pub mod http;
mod peer;
mod served;
pub mod target;
mod wire;

/// Makes a test of each case, which runs it on every target.
macro_rules! on_every_target {
    ($pace:ident: $($case:ident),+ $(,)?) => {
        mod on_every_target {
            $(
                #[test]
                fn $case() {
                    $crate::rfc6455::target::each($crate::rfc6455::target::Pace::$pace, super::$case);
                }
            )+
        }
    };
}
use on_every_target;
