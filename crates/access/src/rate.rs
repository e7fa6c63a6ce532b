//! How often somebody may ask.
//!
//! Owns each principal's allowance of commands and streams. Never waits: whoever has none left is
//! told how long until there is.

use crate::principal::{Principal, PrincipalName};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use parking_lot::Mutex;
use protocol::{Code, Retry};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How often one principal may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Commands, on average.
    pub commands_per_second: NonZeroU32,
    /// Commands at once, after a while without.
    pub command_burst: NonZeroU32,
    /// Streams opened, on average.
    pub streams_per_second: NonZeroU32,
    /// Streams opened at once, after a while without.
    pub stream_burst: NonZeroU32,
    /// Streams open at the same time.
    pub max_streams: NonZeroU32,
}

/// Somebody has to wait.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Limited {
    /// For the next command.
    #[error("too many commands: {}", again(*retry_after))]
    Commands {
        /// How long.
        retry_after: Duration,
    },
    /// To open the next stream.
    #[error("too many streams opened: {}", again(*retry_after))]
    Streams {
        /// How long.
        retry_after: Duration,
    },
    /// To try another token.
    #[error("too many sign-ins failed: {}", again(*retry_after))]
    SignIns {
        /// How long.
        retry_after: Duration,
    },
    /// Until one of its streams ends.
    #[error("more than {max} streams at once: close one first")]
    Concurrent {
        /// How many there may be.
        max: NonZeroU32,
    },
}

fn again(after: Duration) -> String {
    format!("the next may come in {} ms", after.as_millis().max(1))
}

impl Limited {
    /// What is told.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::RateLimited
    }

    /// Whether asking again may succeed.
    #[must_use]
    pub fn retry(&self) -> Retry {
        Retry::Yes
    }

    /// How long to wait, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Limited::Commands { retry_after } | Limited::Streams { retry_after } | Limited::SignIns { retry_after } => {
                Some(*retry_after)
            }
            Limited::Concurrent { .. } => None,
        }
    }
}

type Limiter<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// What one principal has left.
struct Allowance<C: Clock> {
    commands: Limiter<C>,
    opened: Limiter<C>,
    /// Outlives a change of the rates: the streams do.
    open: Arc<AtomicUsize>,
}

/// Each principal's allowance. Whoever is taken in without a token is not counted: then there is
/// only one, on this machine.
pub struct Limits<C: Clock = DefaultClock> {
    clock: C,
    inner: Mutex<Inner<C>>,
}

struct Inner<C: Clock> {
    rates: Rates,
    /// As many as there are principals, those removed included until the rates change.
    allowances: HashMap<PrincipalName, Arc<Allowance<C>>>,
}

/// A stream that counts as open until this is dropped.
#[derive(Debug)]
pub struct StreamPermit(Option<Arc<AtomicUsize>>);

impl Drop for StreamPermit {
    fn drop(&mut self) {
        if let Some(open) = &self.0 {
            open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Limits {
    /// These rates for each principal.
    #[must_use]
    pub fn new(rates: Rates) -> Limits {
        Limits::with_clock(rates, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Limits<C> {
    /// These rates for each principal, by this clock.
    pub fn with_clock(rates: Rates, clock: C) -> Limits<C> {
        Limits { clock, inner: Mutex::new(Inner { rates, allowances: HashMap::new() }) }
    }

    /// Other rates from now on. What was used up is forgotten; open streams go on counting.
    pub fn set_rates(&self, rates: Rates) {
        let mut inner = self.inner.lock();
        if inner.rates == rates {
            return;
        }
        inner.rates = rates;
        let streaming = inner.allowances.drain().filter(|(_, a)| a.open.load(Ordering::Relaxed) > 0);
        let streaming: Vec<_> = streaming.map(|(name, a)| (name, Arc::clone(&a.open))).collect();
        for (name, open) in streaming {
            let allowance = Arc::new(self.allowance(rates, open));
            inner.allowances.insert(name, allowance);
        }
    }

    /// Takes one command out of somebody's allowance.
    ///
    /// # Errors
    /// When there is none left now.
    pub fn command(&self, who: &Principal) -> Result<(), Limited> {
        let Some((allowance, _)) = self.of(who) else { return Ok(()) };
        self.check(&allowance.commands).map_err(|retry_after| Limited::Commands { retry_after })
    }

    /// Takes one stream out of somebody's allowance.
    ///
    /// # Errors
    /// When there is none left now.
    pub fn stream(&self, who: &Principal) -> Result<StreamPermit, Limited> {
        let Some((allowance, rates)) = self.of(who) else { return Ok(StreamPermit(None)) };
        let max = usize::try_from(rates.max_streams.get()).unwrap_or(usize::MAX);
        let open = &allowance.open;
        let taken = open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| (open < max).then_some(open + 1));
        if taken.is_err() {
            return Err(Limited::Concurrent { max: rates.max_streams });
        }
        // given back where the stream may not be opened after all
        let permit = StreamPermit(Some(Arc::clone(open)));
        self.check(&allowance.opened).map_err(|retry_after| Limited::Streams { retry_after })?;
        Ok(permit)
    }

    fn check(&self, limiter: &Limiter<C>) -> Result<(), Duration> {
        limiter.check().map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }

    fn of(&self, who: &Principal) -> Option<(Arc<Allowance<C>>, Rates)> {
        who.token()?;
        let mut inner = self.inner.lock();
        let rates = inner.rates;
        if let Some(allowance) = inner.allowances.get(who.name()) {
            return Some((Arc::clone(allowance), rates));
        }
        let allowance = Arc::new(self.allowance(rates, Arc::default()));
        inner.allowances.insert(who.name().clone(), Arc::clone(&allowance));
        Some((allowance, rates))
    }

    fn allowance(&self, rates: Rates, open: Arc<AtomicUsize>) -> Allowance<C> {
        let limiter = |per_second, burst| {
            RateLimiter::direct_with_clock(Quota::per_second(per_second).allow_burst(burst), self.clock.clone())
        };
        Allowance {
            commands: limiter(rates.commands_per_second, rates.command_burst),
            opened: limiter(rates.streams_per_second, rates.stream_burst),
            open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::Selector;
    use crate::token::TokenHash;
    use governor::clock::FakeRelativeClock;
    use protocol::Role;

    fn n(n: u32) -> NonZeroU32 {
        NonZeroU32::new(n).unwrap()
    }

    fn rates() -> Rates {
        Rates {
            commands_per_second: n(2),
            command_burst: n(3),
            streams_per_second: n(10),
            stream_burst: n(2),
            max_streams: n(3),
        }
    }

    fn principal(name: &str) -> Principal {
        Principal::new(name.parse().unwrap(), Role::Viewer, Selector::default(), TokenHash::of(name.as_bytes()))
    }

    #[test]
    fn commands_are_counted_for_each_by_themselves() {
        let clock = FakeRelativeClock::default();
        let limits = Limits::with_clock(rates(), clock.clone());
        let (ann, bob) = (principal("ann"), principal("bob"));
        for _ in 0..3 {
            limits.command(&ann).unwrap();
        }
        let limited = limits.command(&ann).unwrap_err();
        assert_eq!(limited, Limited::Commands { retry_after: Duration::from_millis(500) });
        assert_eq!(limited.to_string(), "too many commands: the next may come in 500 ms");
        assert_eq!((limited.code(), limited.retry_after()), (Code::RateLimited, Some(Duration::from_millis(500))));
        limits.command(&bob).unwrap();
        clock.advance(Duration::from_millis(500));
        limits.command(&ann).unwrap();
        assert!(limits.command(&ann).is_err());
        for _ in 0..1000 {
            limits.command(&Principal::open()).unwrap();
        }
    }

    #[test]
    fn streams_are_counted_as_they_open_and_while_they_are() {
        let clock = FakeRelativeClock::default();
        let limits = Limits::with_clock(rates(), clock.clone());
        let ann = principal("ann");
        let (one, _two) = (limits.stream(&ann).unwrap(), limits.stream(&ann).unwrap());
        assert_eq!(limits.stream(&ann).unwrap_err(), Limited::Streams { retry_after: Duration::from_millis(100) });
        clock.advance(Duration::from_secs(1));
        let _three = limits.stream(&ann).unwrap();
        let full = limits.stream(&ann).unwrap_err();
        assert_eq!((&full, full.retry_after()), (&Limited::Concurrent { max: n(3) }, None));
        drop(one);
        let four = limits.stream(&ann).unwrap();
        assert!(limits.stream(&ann).is_err());
        // other rates, the same streams
        limits.set_rates(Rates { max_streams: n(4), ..rates() });
        let _five = limits.stream(&ann).unwrap();
        assert_eq!(limits.stream(&ann).unwrap_err(), Limited::Concurrent { max: n(4) });
        drop(four);
        assert!(limits.stream(&ann).is_ok());
    }
}
