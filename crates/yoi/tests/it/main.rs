//! The `yoi` command against real processes.
//!
//! Owns one module for each subject. What needs no server is tested beside the code.

#[cfg(test)]
mod agents;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod console;
#[cfg(test)]
mod curl;
#[cfg(test)]
mod dice;
#[cfg(test)]
mod foreign;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod leaks;
#[cfg(test)]
mod leaks_backend;
#[cfg(test)]
mod midblock;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod plugin;
#[cfg(test)]
mod process;
#[cfg(test)]
mod profiles;
#[cfg(test)]
mod resume;
#[cfg(test)]
mod rfc6455;
#[cfg(test)]
mod scale;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod slow;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod store;
#[cfg(test)]
mod tap;
#[cfg(test)]
mod through;
#[cfg(test)]
mod usage;
#[cfg(test)]
mod wait;
