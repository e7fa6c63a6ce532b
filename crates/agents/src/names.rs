//! Names of blocks and calls in a run.
//!
//! Owns that they differ, and that every provider takes them. Must not know what they name.

use protocol::RunId;

/// What names blocks and calls in a run.
#[derive(Debug)]
pub(crate) struct Names {
    run: RunId,
    next: u64,
}

impl Names {
    pub(crate) fn of(run: RunId) -> Names {
        Names { run, next: 0 }
    }

    /// A name for a block.
    pub(crate) fn block(&mut self) -> String {
        self.next += 1;
        format!("b{}", self.next)
    }

    /// A name for a call: 9 letters and digits, which is the form that every provider takes, and
    /// unique in the worker as good as certainly.
    pub(crate) fn call(&mut self) -> String {
        self.next += 1;
        // FNV-1a
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in format!("{}/{}", self.run, self.next).bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        hash ^= hash >> 29;
        let digit = |n: u64| char::from_digit(u32::try_from(n % 36).unwrap_or_default(), 36).unwrap_or('0');
        let mut name = String::from("c");
        for _ in 0..8 {
            name.push(digit(hash));
            hash /= 36;
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_calls_are_short_and_differ() {
        let mut names = Names::of(RunId::from_parts(1, 1));
        let mut others = Names::of(RunId::from_parts(1, 2));
        let mut all: Vec<String> = (0..2000).flat_map(|_| [names.call(), others.call()]).collect();
        assert!(all.iter().all(|name| name.len() == 9 && name.bytes().all(|b| b.is_ascii_alphanumeric())));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 4000);
    }
}
