//! Chance that can be repeated.
//!
//! Owns the seed of a test and what is drawn from it. The seed is told when the test fails, and
//! `YOI_SEED` sets it.

/// The variable that sets the seed.
const SEED: &str = "YOI_SEED";

/// A die (SplitMix64) that says its seed when the test that holds it fails.
pub struct Dice {
    seed: u64,
    state: u64,
}

impl Dice {
    /// A die with the seed that was asked for, or any.
    pub fn new() -> Dice {
        let asked = std::env::var(SEED).ok();
        let seed = match asked {
            Some(text) => text.parse().unwrap_or_else(|_| panic!("{SEED} is a number, not `{text}`")),
            None => {
                let mut bytes = [0; 4];
                getrandom::fill(&mut bytes).unwrap();
                u64::from(u32::from_le_bytes(bytes))
            }
        };
        Dice::of(seed)
    }

    /// A die with this seed.
    pub fn of(seed: u64) -> Dice {
        Dice { seed, state: seed }
    }

    /// Another die, which goes on by itself, and the same one each time.
    pub fn fork(&mut self) -> Dice {
        let state = self.next();
        Dice { seed: self.seed, state }
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` up to, and without, `high`.
    pub fn within(&mut self, low: usize, high: usize) -> usize {
        low + (self.next() % (high - low) as u64) as usize
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.within(0, n) == 0
    }

    /// So many milliseconds.
    pub fn millis(&mut self, low: usize, high: usize) -> std::time::Duration {
        std::time::Duration::from_millis(self.within(low, high) as u64)
    }
}

impl Drop for Dice {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the seed is {}: repeat with {SEED}={}", self.seed, self.seed);
        }
    }
}
