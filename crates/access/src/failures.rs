//! How often sign-ins fail.
//!
//! Owns an allowance of failures for each place they come from, and one for all together where they
//! come from too many. Must not keep anybody out who has a token: whoever looks one up asks here
//! only after it was nobody's.

use crate::rate::Limited;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

/// Failures of one place, on average.
const PER_SECOND: NonZeroU32 = NonZeroU32::MIN;
/// Failures of one place at once, after a while without.
const BURST: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);
/// The most places told apart. What comes from others then shares one allowance, until some of these
/// have theirs back.
const PLACES: usize = 4096;

type Limiter<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// How often sign-ins fail.
pub struct FailedSignIns<C: Clock = DefaultClock> {
    clock: C,
    inner: Mutex<Inner<C>>,
}

struct Inner<C: Clock> {
    places: HashMap<Option<IpAddr>, Place<C>>,
    others: Limiter<C>,
    /// When places that have their whole allowance back were looked for last.
    swept: C::Instant,
}

struct Place<C: Clock> {
    limiter: Limiter<C>,
    failed: C::Instant,
}

impl Default for FailedSignIns {
    fn default() -> FailedSignIns {
        FailedSignIns::with_clock(DefaultClock::default())
    }
}

impl<C: Clock + Clone> FailedSignIns<C> {
    /// None so far, by this clock.
    pub fn with_clock(clock: C) -> FailedSignIns<C> {
        let others = limiter(&clock);
        let swept = clock.now();
        FailedSignIns { inner: Mutex::new(Inner { places: HashMap::new(), others, swept }), clock }
    }

    /// One has failed.
    ///
    /// # Errors
    /// When too many did of late, from the same place.
    pub fn note(&self, from: Option<IpAddr>) -> Result<(), Limited> {
        let now = self.clock.now();
        let mut inner = self.inner.lock();
        let Inner { places, others, swept } = &mut *inner;
        let place = from.map(network);
        let whole = u64::from(BURST.get()) / u64::from(PER_SECOND.get());
        let has_all = |since: C::Instant| std::time::Duration::from(elapsed(now, since)).as_secs() > whole;
        if places.len() >= PLACES && !places.contains_key(&place) && has_all(*swept) {
            places.retain(|_, place| !has_all(place.failed));
            *swept = now;
        }
        let limiter = if places.len() < PLACES || places.contains_key(&place) {
            let known = places.entry(place).or_insert_with(|| Place { limiter: limiter(&self.clock), failed: now });
            known.failed = now;
            &known.limiter
        } else {
            others
        };
        let late = limiter.check().map_err(|not_until| not_until.wait_time_from(now));
        late.map_err(|retry_after| Limited::SignIns { retry_after })
    }
}

fn elapsed<I: governor::clock::Reference>(now: I, since: I) -> governor::nanos::Nanos {
    now.duration_since(since)
}

fn limiter<C: Clock + Clone>(clock: &C) -> Limiter<C> {
    RateLimiter::direct_with_clock(Quota::per_second(PER_SECOND).allow_burst(BURST), clock.clone())
}

/// The place that an address stands for: of IPv6 a whole network, which is what one customer has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;
    use std::time::Duration;

    fn failures() -> (FailedSignIns<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (FailedSignIns::with_clock(clock.clone()), clock)
    }

    fn noted(failures: &FailedSignIns<FakeRelativeClock>, from: &str, times: usize) -> usize {
        (0..times).filter(|_| failures.note(Some(from.parse().unwrap())).is_ok()).count()
    }

    #[test]
    fn each_place_has_its_own() {
        let (failures, clock) = failures();
        assert_eq!(noted(&failures, "192.0.2.1", 1000), 20);
        let limited = failures.note(Some("192.0.2.1".parse().unwrap())).unwrap_err();
        assert_eq!(limited, Limited::SignIns { retry_after: Duration::from_secs(1) });
        assert_eq!(limited.retry_after(), Some(Duration::from_secs(1)));
        assert_eq!(noted(&failures, "192.0.2.2", 20), 20);
        assert_eq!(noted(&failures, "::ffff:192.0.2.1", 5), 0, "the same address in another form");
        clock.advance(Duration::from_secs(3));
        assert_eq!(noted(&failures, "192.0.2.1", 10), 3);
        assert_eq!((0..30).filter(|_| failures.note(None).is_ok()).count(), 20);
    }

    #[test]
    fn a_network_of_ipv6_is_one_place() {
        let (failures, _) = failures();
        assert_eq!((0..1000).map(|n| noted(&failures, &format!("2001:db8::{n:x}"), 1)).sum::<usize>(), 20);
        assert_eq!(noted(&failures, "2001:db8:0:1::1", 20), 20);
    }

    #[test]
    fn however_many_places_there_are_memory_and_what_they_may_are_bounded() {
        let (failures, clock) = failures();
        let all = |from: u32| -> usize {
            (from..from + 10_000).map(|n| noted(&failures, &std::net::Ipv4Addr::from(n).to_string(), 1)).sum()
        };
        assert_eq!(all(0x0a00_0000), PLACES + 20);
        assert_eq!(failures.inner.lock().places.len(), PLACES);
        assert_eq!(noted(&failures, "203.0.113.9", 10), 0, "others have used up what they share");
        clock.advance(Duration::from_secs(21));
        assert_eq!(all(0x0b00_0000), PLACES + 20, "those that have been quiet are forgotten");
        assert_eq!(failures.inner.lock().places.len(), PLACES);
    }
}
