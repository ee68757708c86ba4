//! The supervisor, with workers that are played: every fault at every point of a worker's life, one by
//! one and then at random.

mod deaths;
mod ending;
mod info;
mod kit;
mod puppet;
mod sharing;
mod simulator;
mod speaking;
mod starting;
mod time;
