//! The parent's side of a link, with a worker that says what the test wants: every word at every moment, one by one
//! and then at random.

mod calls;
mod ending;
mod kit;
mod nonsense;
mod random;
mod restarts;
mod time;
