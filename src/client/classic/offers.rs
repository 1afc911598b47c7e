//! The strategies that a consumer offers, each with what Kafka's object of it remembers
//! (`ConsumerCoordinator.assignors`).

use crate::assignor::Strategy;
use crate::model::consumer_protocol::{Base64, TopicPartitions};

/// The strategies of a consumer, in order of preference.
#[derive(Clone, Debug)]
pub(in crate::client) struct Offers {
    all: Vec<Offer>,
    /// Whether the consumer keeps what it owns while it rejoins: all of its strategies must
    /// support that (`RebalanceProtocol`, KIP-429).
    pub cooperative: bool,
}

/// A strategy and what it remembers.
#[derive(Clone, Debug)]
pub(in crate::client) struct Offer {
    pub strategy: Strategy,
    /// What its last assignment gave this consumer, and in which generation (`onAssignment`).
    last: Option<(Vec<TopicPartitions>, i32)>,
    /// The latest generation that it has met as the leader's strategy; −1: none.
    pub seen: i32,
}

impl Offers {
    pub(in crate::client) fn new(strategies: Vec<Strategy>) -> Self {
        let cooperative = strategies.iter().all(|s| s.assignor().is_cooperative());
        let offer = |strategy| Offer { strategy, last: None, seen: -1 };
        Offers { all: strategies.into_iter().map(offer).collect(), cooperative }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Offer> {
        self.all.iter()
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&Offer> {
        self.all.iter().find(|offer| offer.strategy.name() == name)
    }

    /// A strategy has met this generation.
    pub(super) fn saw(&mut self, name: &str, generation: i32) {
        if let Some(offer) = self.all.iter_mut().find(|offer| offer.strategy.name() == name) {
            offer.seen = generation;
        }
    }

    /// A strategy gave this consumer this; the others don't hear of it.
    pub(super) fn assigned(&mut self, name: &str, given: &[TopicPartitions], generation: i32) {
        if let Some(offer) = self.all.iter_mut().find(|offer| offer.strategy.name() == name) {
            offer.last = Some((given.to_vec(), generation));
        }
    }
}

impl Offer {
    /// What it tells the leader.
    pub(super) fn user_data(&self) -> Option<Base64> {
        let last = self.last.as_ref().map(|(given, generation)| (&**given, *generation));
        self.strategy.assignor().user_data(last).map(|b64| Base64 { b64 })
    }
}
