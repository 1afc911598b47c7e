//! A file for `rejoin assign`: a group, and the strategies that are asked.

use super::strategy::StrategyRef;
use super::topic::MAX_PARTITIONS;
use crate::kernel::rate::Rate;
use crate::parse::document::{Node, Value};
use crate::parse::leaf::Count;
use crate::parse::shape::{AnyList, List, Named, Reader, Shape};
use crate::parse::spec::{Kind, Rule};
use crate::parse::table::table;

/// Members that a case may have.
pub(crate) const MAX_MEMBERS: u64 = 100_000;

/// The largest number of a generation: it is a Java int.
const MAX_GENERATION: u64 = i32::MAX as u64;

/// The largest lag.
const MAX_LAG: u64 = 1_000_000_000_000_000;

table! {
    /// A question to assignment strategies: topics, members, and what happens to them.
    Case, "case", "the top of a case, or [[cases]]", [Rule::Required("topics"), Rule::Required("members")];

    /// What it is called.
    name: String = "the file's name";
    /// Topics by name.
    topics: Named<CaseTopic>;
    /// Members by id, in the order in which the strategy gets them; or how many, which are called
    /// `m1`, `m2` …
    members: Members;
    /// Strategies to ask: names, or programs.
    assignors: AnyList<StrategyRef> = "[\"range\"]";
    /// What happens then, one after another: `"leave m2"`, `"join m4"`, `"replace m1 m5"`,
    /// `"grow orders 12"`, `"rebalance"`.
    then: AnyList<String>;
}

table! {
    /// A topic of a case.
    CaseTopic, "case topic", "{ partitions = 6 }", [Rule::Required("partitions")];

    /// Number of partitions.
    partitions: Count<0, { MAX_PARTITIONS as u64 }>;
    /// For each partition the racks of its replicas: `[["a", "b"], ["b", "c"]]`.
    racks: AnyList<AnyList<String>>;
    /// Records that the group has yet to commit, for each partition or for all.
    lag: Each<Count<0, MAX_LAG>> = "0";
    /// Records that arrive, for each partition or for all.
    rate: Each<Rate> = "\"0/s\"";
}

table! {
    /// A member of a case.
    CaseMember, "member", "{ topics = [\"orders\"], owned = { orders = [0, 1] } }", [];

    /// Topics that it subscribes to.
    topics: AnyList<String> = "all topics of the case";
    /// `group.instance.id` of a static member.
    instance: String = "none";
    /// Its rack (`client.rack`).
    rack: String = "none";
    /// Partitions that it owns, by topic.
    owned: Named<AnyList<Count<0, { MAX_PARTITIONS as u64 }>>>;
    /// Generation in which it got them.
    generation: Count<0, MAX_GENERATION> = "1";
    /// Records that it can process.
    capacity: Rate = "not known";
}

/// Who is in the group.
#[derive(Clone, Debug)]
pub(crate) enum Members {
    Number(u64),
    Named(Named<CaseMember>),
}

impl Shape for Members {
    const KIND: Kind = Kind::OneOf(&[Count::<0, MAX_MEMBERS>::KIND, Named::<CaseMember>::KIND]);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.value {
            Value::Table(_) => Named::read(node, reader).map(Members::Named),
            Value::Integer(_) => {
                Count::<0, MAX_MEMBERS>::read(node, reader).map(|count| Members::Number(count.0))
            }
            _ => {
                reader.mismatch(node, &Self::KIND);
                None
            }
        }
    }
}

/// A value for all partitions, or one for each.
#[derive(Clone, Debug)]
pub(crate) enum Each<T> {
    All(T),
    List(List<T, 0, MAX_PARTITIONS>),
}

impl<T: Shape> Shape for Each<T> {
    const KIND: Kind = Kind::OneOf(&[T::KIND, List::<T, 0, MAX_PARTITIONS>::KIND]);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.value {
            Value::List(_) => List::read(node, reader).map(Each::List),
            _ => T::read(node, reader).map(Each::All),
        }
    }
}
