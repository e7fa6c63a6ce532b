//! Streams served over sockets: real framing, real wakers, simulated time and networks.

#[cfg(test)]
mod hub;
#[cfg(test)]
mod seams;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tcp;
#[cfg(test)]
mod world;
