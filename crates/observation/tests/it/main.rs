//! Streams served over sockets: real framing, real wakers, simulated time and networks.

mod hub;
mod simulation;
mod world;
