//! What went wrong in other systems, line by line: `docs/failures.md` says which test is for which.
//!
//! Owns the tests that stand nowhere else. Those of a part are beside that part.

mod backlogs;
mod bursts;
mod commands;
mod cursors;
mod history;
mod house;
mod lists;
mod strangers;
mod unknown;
mod viewer;
