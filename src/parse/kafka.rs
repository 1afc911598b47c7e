//! Kafka's settings: which there are, what they may be, and what has to agree.

pub(crate) mod assignor;
pub(crate) mod broker;
pub(crate) mod catalogue;
pub(crate) mod consumer;
pub(crate) mod log;
pub(crate) mod modelled;
pub(crate) mod pairs;
pub(crate) mod producer;
pub(crate) mod settings;
pub(crate) mod valid;
pub(crate) mod value;
