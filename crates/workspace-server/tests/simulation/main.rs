//! Runtimes, backends and clients on a simulated network, with everything going wrong.
//!
//! Owns one module for each part of that world. A test binary of its own, because it puts its own
//! randomness and a clock that stands still in the place of the process's: what is random, down to
//! the order in which tasks are woken, comes of the seed, and one seed is always the same history.
//!
//! `YOI_SIM_SEEDS=10000` runs so many seeds; `YOI_SIM_FROM=500` begins there; `YOI_SIM_SEED=42` runs
//! that one, here and now; with `YOI_SIM_TRACE=file` it writes down all that it did.

#[cfg(test)]
mod checks;
#[cfg(test)]
mod commander;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod gauges;
#[cfg(test)]
mod hosts;
#[cfg(test)]
mod look_back;
#[cfg(test)]
mod network;
#[cfg(test)]
mod people;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod random;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod talker;
#[cfg(test)]
mod trace;
#[cfg(test)]
mod truth;
#[cfg(test)]
mod weather;
#[cfg(test)]
mod world;
