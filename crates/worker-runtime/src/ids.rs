//! Makes ids up: of workers, runs, blocks, approvals and entries, and of epochs.
//!
//! Owns their randomness and that they never repeat. Must not read a clock: whoever asks says what
//! time it is.

use event_log::Epoch;
use protocol::{RunId, Timestamp, WorkerId};
use std::hash::{BuildHasher, Hasher, RandomState};

/// The random bits of a ULID.
const RANDOM_BITS: u32 = 80;

/// Makes ids that sort in the order in which they were made, also within one millisecond and when
/// the clock goes backwards.
#[derive(Debug, Default)]
pub(crate) struct IdMaker {
    last_ms: u64,
    last: u128,
}

impl IdMaker {
    fn parts(&mut self, now: Timestamp) -> (u64, u128) {
        let now = u64::try_from(now.as_millis()).unwrap_or(0);
        if now > self.last_ms || self.last == 0 {
            self.last_ms = now.max(self.last_ms);
            // one bit is left free, so that there is room to count up
            let random = (u128::from(random_u64()) << 64) | u128::from(random_u64());
            self.last = random & ((1 << (RANDOM_BITS - 1)) - 1);
        } else {
            self.last = self.last.wrapping_add(1) & ((1 << RANDOM_BITS) - 1);
        }
        (self.last_ms, self.last)
    }

    /// A worker.
    pub(crate) fn worker(&mut self, now: Timestamp) -> WorkerId {
        let (ms, random) = self.parts(now);
        WorkerId::from_parts(ms, random)
    }

    /// A run.
    pub(crate) fn run(&mut self, now: Timestamp) -> RunId {
        let (ms, random) = self.parts(now);
        RunId::from_parts(ms, random)
    }

    /// `prefix` and a ULID, such as `b_01jd3v5k9m8q2r4t6w8y0a1c3e`.
    pub(crate) fn local(&mut self, prefix: &str, now: Timestamp) -> String {
        let run = self.run(now).to_string();
        format!("{prefix}{}", run.trim_start_matches("r_"))
    }
}

/// An epoch that no log had before.
pub(crate) fn epoch() -> Epoch {
    Epoch(random_u64().max(1))
}

fn random_u64() -> u64 {
    // Where the operating system gives none, what it gave the process at its start.
    getrandom::u64().unwrap_or_else(|_| RandomState::new().build_hasher().finish())
}

/// 128 bits of FNV-1a, in hexadecimal: tells whether two requests are the same one. The same in
/// every version, because it is kept; no defence against somebody who looks for collisions.
pub(crate) fn fingerprint(bytes: &[u8]) -> String {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let hash = bytes.iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(PRIME)
    });
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_as_they_were_made() {
        let mut ids = IdMaker::default();
        let moments = [5, 5, 5, 9, 2, 2, 10].map(Timestamp::from_millis);
        let made: Vec<_> = moments.iter().map(|at| ids.run(*at)).collect();
        assert!(made.is_sorted_by(|a, b| a < b), "{made:?}");
        let block = ids.local("b_", Timestamp::from_millis(10));
        assert!(block.starts_with("b_") && block.len() == 28, "{block}");
    }

    #[test]
    fn makers_do_not_agree() {
        let now = Timestamp::from_millis(5);
        assert_ne!(IdMaker::default().worker(now), IdMaker::default().worker(now));
        assert_ne!(epoch(), epoch());
    }

    #[test]
    fn fingerprints_are_those_of_the_published_algorithm() {
        assert_eq!(fingerprint(b""), "6c62272e07bb014262b821756295c58d");
        assert_eq!(fingerprint(b"a"), "d228cb696f1a8caf78912b704e4a8964");
    }
}
