//! The `yoi` command against real processes.
//!
//! Owns one module for each subject. What needs no server is tested beside the code.

#[cfg(test)]
mod process;
#[cfg(test)]
mod usage;
