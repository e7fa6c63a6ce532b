//! What several subjects need: a backend that serves, runtimes behind it, and clients as bare as can be.
//!
//! Owns no test. What a client here is sent is held to the API's description as it comes.

mod http;
mod schema;
mod script;
mod sse;
mod story;
mod switch;
mod watch;
mod world;

pub use http::Reply;
pub use http::exchange;
pub use schema::Api;
pub use sse::Sse;
pub use story::Story;
pub use switch::Switch;
pub use watch::{Got, Told, Watcher, folded, is_idle, read_frame};
pub use world::{Target, World, parts};

use std::time::Duration;
use tokio::time::timeout;

/// The longest that anything takes, on a machine that is busy with other things too.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// What comes of something; panics at the deadline.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(DEADLINE, what).await.expect("it took too long")
}

/// Looks until there is something; panics at the deadline.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(DEADLINE, looking).await.unwrap_or_else(|_| panic!("waited {DEADLINE:?} until {what}"))
}
