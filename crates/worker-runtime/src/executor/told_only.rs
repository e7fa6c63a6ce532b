//! The profile of workers that are only told things.
//!
//! Owns saying that they take no input. Must not run anything.

use super::{Ending, Executor, Profile, RunContext, Takes};
use futures_util::future::BoxFuture;

/// A profile whose workers never run: something else in the runtime tells what they show.
#[derive(Clone, Debug)]
pub struct ToldOnly {
    name: String,
}

impl ToldOnly {
    /// A profile of this name.
    pub fn new(name: impl Into<String>) -> ToldOnly {
        ToldOnly { name: name.into() }
    }
}

impl Profile for ToldOnly {
    fn name(&self) -> &str {
        &self.name
    }

    fn executor(&self) -> &'static str {
        "told"
    }

    fn takes(&self) -> Takes {
        Takes::Nothing
    }

    fn make(&self) -> Box<dyn Executor> {
        Box::new(Refuses)
    }
}

/// Never asked, since no input is taken.
struct Refuses;

impl Executor for Refuses {
    fn run(&mut self, _: RunContext) -> BoxFuture<'_, Ending> {
        Box::pin(std::future::ready(Ending::failed("unsupported", "this worker takes no input")))
    }
}
