//! Ctrl-C.
//!
//! Owns what it does to commands that have nothing to finish: they end at once, even while they
//! wait for a terminal or a pipe that takes nothing.

use crate::exit;

/// From now on Ctrl-C ends the process.
pub fn ends_the_process() {
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
    });
}

/// Returns at Ctrl-C; never where signals cannot be had.
pub async fn pressed() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
