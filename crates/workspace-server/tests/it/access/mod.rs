//! Who may do what: found out from outside, as a friend, a stranger and an attacker would.
//!
//! Owns no form of an answer: what is asked here is whether there is one, and for whom.

mod actor;
mod affordances;
mod attacks;
mod audit;
mod console;
mod counting;
mod endings;
mod hidden;
mod limits;
mod once;
mod origins;
mod plugins;
mod process;
mod redaction;
mod reload;
mod signing;
pub mod stage;
mod startup;
mod tls;
mod upgrades;
