//! Between whom the network is cut, or slower.

use super::Scenario;
use super::event::Target;
use crate::model::id::{BrokerId, ProducerId};

/// The network between two sides.
#[derive(Clone, PartialEq, Debug)]
pub struct Wire {
    /// One side. Those on it reach each other.
    pub one: Vec<Place>,
    /// The other side; `None`: everybody else.
    pub other: Option<Vec<Place>>,
}

/// Machines in the network.
#[derive(Clone, PartialEq, Debug)]
pub enum Place {
    /// Consumers.
    Consumers(Target),
    /// A broker.
    Broker(BrokerId),
    /// All brokers of a rack, and the consumers that say they are in it (`client.rack`).
    Rack(String),
    /// All producers of this name.
    Producer(ProducerId),
    /// The controller.
    Controller,
}

impl Wire {
    /// Between whom, for people: `broker-2`, `search-1 from broker-2` with `from` in between.
    pub(super) fn describe(&self, between: &str, scenario: &Scenario) -> String {
        let side = |side: &[Place]| {
            side.iter().map(|place| place.describe(scenario)).collect::<Vec<_>>().join(", ")
        };
        match &self.other {
            None => side(&self.one),
            Some(other) => format!("{} {between} {}", side(&self.one), side(other)),
        }
    }
}

impl Place {
    fn describe(&self, scenario: &Scenario) -> String {
        match self {
            Place::Consumers(target) => target.describe(scenario),
            Place::Broker(broker) => format!("broker-{}", broker.0),
            Place::Rack(rack) => format!("rack {rack}"),
            Place::Producer(id) => scenario.producers[id.index()].name.clone(),
            Place::Controller => "the controller".to_owned(),
        }
    }
}
