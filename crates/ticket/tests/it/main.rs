//! A store from outside the crate.
//!
//! Owns nothing but the list of its modules.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod founding;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod importing;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod listing;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod support;
