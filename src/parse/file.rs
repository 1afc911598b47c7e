//! The scenario file as it is written: every table, every key, with its documentation.
//!
//! What is read here has the right type, one value at a time; what values must have to do with each
//! other is for [`resolve`](super::resolve).

pub(crate) mod case;
pub(crate) mod cluster;
pub(crate) mod dist;
pub(crate) mod event;
pub(crate) mod expect;
pub(crate) mod group;
pub(crate) mod producer;
pub(crate) mod strategy;
pub(crate) mod suite;
pub(crate) mod topic;

use super::document::{Node, Value};
use super::leaf::Count;
use super::shape::{AnyList, Named, Reader, Shape};
use super::spec::{Kind, Rule, Word};
use super::table::table;
use crate::kernel::time::Span;
use cluster::Cluster;
use event::Event;
use expect::Expect;
use group::ConsumerGroup;
use producer::Producer;
use topic::Topic;

/// The largest seed: what TOML can hold.
pub(crate) const LARGEST_SEED: u64 = i64::MAX as u64;

table! {
    /// A scenario: brokers, topics, producers, groups, what happens to them, and what must be true.
    File, "scenario", "the top of the file",
    [Rule::Required("duration"), Rule::Required("topics"), Rule::Required("groups")];

    /// What the run is called; it names the output folder. It may hold spaces.
    name: String = "the file's name";
    /// The question that the scenario answers, for people.
    question: String;
    /// Seed of everything random. The same seed gives the same run, byte for byte.
    seed: Count<0, LARGEST_SEED> = "0";
    /// Length of the run, at most 366d.
    duration: Span;
    /// A fetch that waits for data may be answered this much late. It makes long runs cheap; lag is
    /// off by at most rate × resolution, protocol timing not at all.
    resolution: Resolution = "\"exact\"";
    /// Brokers and the network between everybody.
    cluster: Cluster;
    /// Topics by name. One is required.
    topics: Named<Topic>;
    /// Producers by name.
    producers: Named<Producer>;
    /// Consumer groups by name (`group.id`). One is required.
    groups: Named<ConsumerGroup>;
    /// Faults and operations, in any order.
    events: AnyList<Event>;
    /// What must be true of the run; each becomes a test case.
    expect: AnyList<Expect>;

    besides {
        /// Variants by name: tables merged over the file; lists replace, so an `expect` list stands
        /// in place of the file's. Each is a run of its own, called NAME.VARIANT.
        "variants": Kind::Variants;
    }
}

/// Kafka's settings of one family, as written: read and checked when all tables are known, because
/// a setting of one table may have to agree with one of another.
macro_rules! settings {
    ($(#[doc = $doc:literal] $name:ident = $family:ident;)+) => {$(
        #[doc = $doc]
        #[derive(Clone, Debug)]
        pub(crate) struct $name(pub(crate) Node);

        impl Shape for $name {
            const KIND: Kind = Kind::Settings(super::kafka::catalogue::Family::$family);

            fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
                if node.entries().is_none() {
                    reader.mismatch(node, &Self::KIND);
                    return None;
                }
                Some($name(node.clone()))
            }
        }
    )+};
}

settings! {
    /// Broker settings.
    BrokerSettings = Broker;
    /// Topic settings.
    TopicSettings = Topic;
    /// Producer settings.
    ProducerSettings = Producer;
    /// Consumer settings.
    ConsumerSettings = Consumer;
    /// Settings kept on a group.
    GroupSettings = Group;
}

/// How late a fetch that waits for data may be answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resolution(pub(crate) Span);

impl Shape for Resolution {
    const KIND: Kind = Kind::OneOf(&[
        Kind::Words(&[Word { word: "exact", doc: "At once, as Kafka does." }]),
        Span::KIND,
    ]);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if matches!(&node.value, Value::Text(text) if text == "exact") {
            return Some(Resolution(Span::ZERO));
        }
        Span::read(node, reader).map(Resolution)
    }
}
