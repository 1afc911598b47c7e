//! `[[events]]`

use crate::kernel::rate::Rate;
use crate::kernel::time::{Instant, Span};
use crate::parse::document::{Node, Value};
use crate::parse::file::dist::Varying;
use crate::parse::leaf::{Count, Number};
use crate::parse::quantity;
use crate::parse::shape::{At, List, Reader, Shape};
use crate::parse::spec::{Kind, Rule};
use crate::parse::table::table;

/// The keys that say what happens, one in each block.
pub(crate) const ACTIONS: &[&str] = &[
    "crash",
    "close",
    "start",
    "restart",
    "pause",
    "busy",
    "pause_partitions",
    "slow",
    "scale",
    "rate",
    "poison",
    "cut",
    "delay",
    "kill_broker",
    "stop_broker",
    "start_broker",
    "slow_broker",
    "kill_rack",
    "add_partitions",
    "create_topic",
    "delete_topic",
    "deploy",
    "set",
];

table! {
    /// Something that happens: one time, one action. The action's value names whom it strikes: a
    /// consumer, a list of consumers, a group, or some of a group.
    Event, "event", "[[events]]",
    [
        Rule::ExactlyOne(&["at", "every"]),
        Rule::ExactlyOne(ACTIONS),
        Rule::Needs("from", &["every"]),
        Rule::Needs("pause", &["for"]),
        Rule::Needs("busy", &["for"]),
        Rule::Needs("partitions", &["topic"]),
        Rule::Needs("slow", &["factor"]),
        Rule::Needs("scale", &["to"]),
        Rule::Needs("rate", &["to", "factor"]),
        Rule::Needs("delay", &["value"]),
        Rule::Needs("slow_broker", &["factor"]),
        Rule::Needs("add_partitions", &["to"]),
    ];

    /// When it happens.
    at: Instant;
    /// Or how often: at `from`, then each time this much later, up to and including `to`.
    every: Span;
    /// The first time of `every`.
    from: Instant = "one `every` after the start";
    /// The last time of `every`; for `scale` how many consumers shall run, for `rate` the
    /// new rate, for `add_partitions` how many there are then.
    to: To = "the end of the run";
    /// The process dies without a word. It comes back with `restart_after`.
    crash: Target;
    /// A clean `close()`. It comes back with `restart_after`.
    close: Target;
    /// A stopped consumer starts; the name of a group adds its next consumer.
    start: Target;
    /// Crash and start under the same name, `for` how long it is gone in between.
    restart: Target;
    /// The whole process stands still `for` this long: garbage collection, SIGSTOP. Also a broker's.
    pause: Target;
    /// The application is late for its next poll by `for`; heartbeats go on.
    busy: Target;
    /// The application pauses the partitions that it owns, `for` a while or to the end, and goes on
    /// polling: `KafkaConsumer.pause` and `resume`. Of one `topic`, or only some `partitions` of it, if
    /// that is said. Who is inside `poll` gets to it when that returns, who works on records after them.
    /// What a rebalance takes away is not paused any more, even if the consumer gets it again.
    pause_partitions: Target;
    /// Processing takes `factor` times as long, `for` a while or to the end.
    slow: Target;
    /// Consumers of the group are started or closed until `to` run.
    scale: Target;
    /// The producer's rate changes to `to`, or by `factor`, `for` a while or to the end.
    rate: Target;
    /// The network is cut, `for` a while or to the end: nothing arrives, and no connection closes.
    /// Names brokers, consumers, groups, producers, racks or `controller`, which are cut off from
    /// everybody else, or with `between` from some.
    cut: Network;
    /// The network is slower, one way by `value`, `for` a while or to the end; whose network, as
    /// for `cut`.
    delay: Network;
    /// A broker dies without a word. It comes back with `restart_after`.
    kill_broker: Target;
    /// A broker shuts down in order: its leaders move first. It comes back with `restart_after`.
    stop_broker: Target;
    /// A broker that is down starts.
    start_broker: Target;
    /// A broker takes `factor` times as long for each request, `for` a while or to the end.
    slow_broker: Target;
    /// All brokers of a rack die. They come back with `restart_after`.
    kill_rack: String;
    /// A topic gets partitions until it has `to`.
    add_partitions: String;
    /// A topic that `[topics.T]` describes is created: it is not there before, or comes again, empty,
    /// after `delete_topic`.
    create_topic: String;
    /// A topic is deleted with all its records; `create_topic` makes a new one of its name later.
    delete_topic: String;
    /// How long it lasts.
    span as "for": Span;
    /// How long until it starts again.
    restart_after: Span = "never";
    /// The topic whose partitions `pause_partitions` means.
    topic: String = "all topics";
    /// Which partitions of it, by their numbers.
    partitions: List<Count<0, 1_000_000>, 1, 1_000_000> = "all of the topic";
    /// How many times as long, or as much.
    factor: Number;
    /// Between which two, or between what `cut` or `delay` names and whom.
    between: Between = "everybody else";
    /// What `delay` adds to the way of a message.
    value: Varying;

    besides {
        /// A record that can't be processed.
        "poison": Kind::Later;
        /// A rolling deployment.
        "deploy": Kind::Later;
        /// A setting changes.
        "set": Kind::Later;
    }
}

/// Whom an action strikes, as written.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Name(String),
    Names(List<String, 1, 100_000>),
    Some(Box<SomeOf>),
}

table! {
    /// Some of a group, drawn anew each time from those that run.
    SomeOf, "some", "{ group = \"search\", share = 0.25 }",
    [Rule::Required("group"), Rule::ExactlyOne(&["share", "random"])];

    /// Which group.
    group: String;
    /// This share of its running consumers, rounded up; above 0, at most 1.
    share: Number;
    /// So many of its running consumers.
    random: Count<1, 100_000>;
}

impl Shape for Target {
    const KIND: Kind =
        Kind::OneOf(&[String::KIND, List::<String, 1, 100_000>::KIND, Kind::Table(&SomeOf::SPEC)]);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Text(name) => Some(Target::Name(name.clone())),
            Value::List(_) => List::read(node, reader).map(Target::Names),
            Value::Table(_) => SomeOf::read(node, reader).map(|some| Target::Some(some.into())),
            _ => {
                reader.mismatch(node, &Self::KIND);
                None
            }
        }
    }
}

/// Whose network an action strikes: names, or `true` where `between` says it all.
#[derive(Clone, Debug)]
pub(crate) enum Network {
    Between,
    Whose(Target),
}

impl Shape for Network {
    const KIND: Kind = Kind::OneOf(&[
        Kind::OneOf(&[String::KIND, bool::KIND]),
        List::<String, 1, 100_000>::KIND,
        Kind::Table(&SomeOf::SPEC),
    ]);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Bool(true) => Some(Network::Between),
            Value::Text(_) | Value::List(_) | Value::Table(_) => {
                Target::read(node, reader).map(Network::Whose)
            }
            _ => {
                reader.mismatch(node, &Self::KIND);
                None
            }
        }
    }
}

/// The sides of a cut: names, or lists of names.
#[derive(Clone, Debug)]
pub(crate) struct Between(pub(crate) Vec<Vec<At<String>>>);

impl Shape for Between {
    const KIND: Kind = Kind::OneOf(&[String::KIND, List::<Side, 1, 1_000>::KIND]);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Value::Text(name) = &node.value {
            return Some(Between(vec![vec![At { value: name.clone(), at: node.at }]]));
        }
        let Value::List(_) = &node.value else {
            reader.mismatch(node, &Self::KIND);
            return None;
        };
        let sides: List<Side, 1, 1_000> = List::read(node, reader)?;
        Some(Between(sides.iter().map(|side| side.value.0.clone()).collect()))
    }
}

/// One of the sides.
#[derive(Clone, Debug)]
pub(crate) struct Side(Vec<At<String>>);

impl Shape for Side {
    const KIND: Kind = Kind::OneOf(&[String::KIND, List::<String, 1, 1_000>::KIND]);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        if let Value::List(_) = &node.value {
            let names: List<String, 1, 1_000> = List::read(node, reader)?;
            return Some(Side(names.iter().cloned().collect()));
        }
        let value = String::read(node, reader)?;
        Some(Side(vec![At { value, at: node.at }]))
    }
}

/// A time, a number of consumers or a rate; which one, the action decides.
#[derive(Clone, Copy, Debug)]
pub(crate) enum To {
    Time(Instant),
    Count(u32),
    Rate(Rate),
}

impl Shape for To {
    const KIND: Kind = Kind::OneOf(&[Instant::KIND, Count::<0, 100_000>::KIND, Rate::KIND]);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text.contains('/') => Rate::read(node, reader).map(To::Rate),
            Value::Text(text) if quantity::duration(text).is_ok() => {
                Instant::read(node, reader).map(To::Time)
            }
            Value::Integer(_) => {
                Count::<0, 100_000>::read(node, reader).map(|n| To::Count(n.0 as u32))
            }
            _ => {
                reader.mismatch(node, &Self::KIND);
                None
            }
        }
    }
}
