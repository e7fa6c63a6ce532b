//! The forms of values that people write: sizes, durations, addresses, words.
//!
//! Owns reading and writing them. Must not know which setting they are for.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The longest duration, so that no moment computed from it overflows.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Splits `8MiB` into its number and its unit.
fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    Some((number.parse().ok()?, unit.trim()))
}

/// A time, such as `200ms`, `30s`, `5m`, `2h` or `30d`; more than none.
///
/// # Errors
/// With words for what it is, where it is something else; so do all of these.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "is a time such as 200ms, 30s, 5m, 2h or 30d".to_owned();
    let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
    let ms: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let duration = number.checked_mul(ms).map(Duration::from_millis).ok_or_else(wrong)?;
    if duration.is_zero() || duration > LONGEST {
        return Err("is longer than 0 and at most 36500d".to_owned());
    }
    Ok(duration)
}

/// A number of bytes, such as `512KiB`, `8MiB`, `1GiB` or `65536`; more than none.
pub fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || "is a size such as 65536, 512KiB, 8MiB or 1GiB".to_owned();
    let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
    let factor: u64 = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        _ => return Err(wrong()),
    };
    let bytes = number.checked_mul(factor).ok_or_else(wrong)?;
    if bytes == 0 || bytes > i64::MAX as u64 { Err("is more than 0 bytes".to_owned()) } else { Ok(bytes) }
}

/// As [`bytes`], within this machine's memory.
pub fn memory(text: &str) -> Result<usize, String> {
    bytes(text).and_then(|bytes| usize::try_from(bytes).map_err(|_| "is more than this machine can hold".to_owned()))
}

/// A whole number, at least 1.
pub fn count(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "is a whole number from 1 on".to_owned())
}

/// A whole number.
pub fn whole(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "is a whole number from 0 on".to_owned())
}

/// An address and a port; `localhost` is 127.0.0.1.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    let local = local.map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    let wrong = || "is an address and a port such as 127.0.0.1:7070, 0.0.0.0:7070 or [::1]:7070".to_owned();
    local.or_else(|| text.parse().ok()).ok_or_else(wrong)
}

/// One of some words.
pub fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    let all = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
    found.ok_or_else(|| format!("is one of: {}", all()))
}

/// Yes or no.
pub fn switch(text: &str) -> Result<bool, String> {
    word(text, &[("true", true), ("on", true), ("false", false), ("off", false)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (text, ms) in [("200ms", 200), ("30s", 30_000), ("5 m", 300_000), ("2h", 7_200_000), ("30d", 2_592_000_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for bad in ["", "5", "s", "1.5s", "-1s", "0s", "1y", "99999999999999999999s", "40000d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        for (text, n) in [("65536", 65536), ("1KiB", 1024), ("8 MiB", 8 << 20), ("1GB", 1_000_000_000)] {
            assert_eq!(bytes(text), Ok(n), "{text}");
        }
        for bad in ["", "0", "MiB", "1MIB", "1.5GiB", "99999999999GiB"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
        assert_eq!(address("localhost:1"), Ok("127.0.0.1:1".parse().unwrap()));
        for bad in ["", "7070", ":7070", "example.com:80", "127.0.0.1"] {
            assert!(address(bad).is_err(), "{bad}");
        }
        assert_eq!(word("b", &[("a", 1), ("b", 2)]), Ok(2));
        assert_eq!(word("c", &[("a", 1), ("b", 2)]), Err("is one of: a, b".to_owned()));
        assert_eq!((switch("on"), switch("false"), switch("yes").is_err()), (Ok(true), Ok(false), true));
        assert!(count("0").is_err() && count("x").is_err() && count("5") == Ok(5));
    }

    proptest! {
        #[test]
        fn nothing_makes_them_panic(text in "\\PC{0,12}") {
            let _ = (duration(&text), bytes(&text), address(&text), count(&text));
        }
    }
}
