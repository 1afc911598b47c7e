//! Topics, partitions, assignments, protocol words, messages, effects and facts: plain data.

pub mod id;
