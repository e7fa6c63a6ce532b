//! Handing out, with real stores and repositories, and workers by a script.
//!
//! Owns nothing; each file is about one promise.

mod again;
mod hostile;
mod killed;
mod order;
mod stop;
mod workers;
mod world;
