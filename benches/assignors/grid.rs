//! What is timed: groups of the sizes and shapes of Kafka's `ServerSideAssignorBenchmark` and
//! `ShareGroupAssignorBenchmark`.

use std::fmt;

/// A question, by its shape.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Row {
    pub(crate) assignor: String,
    pub(crate) members: usize,
    pub(crate) topics: usize,
    /// Of all topics together.
    pub(crate) partitions: usize,
    pub(crate) shape: Shape,
}

/// How members differ, and what has happened.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Shape {
    /// Topics fall into so many buckets, and each member subscribes to one bucket.
    pub(crate) buckets: usize,
    /// Members and replicas are in three racks; two of them have each partition.
    pub(crate) has_racks: bool,
    /// All but one have what the strategy gave them before that one came.
    pub(crate) one_joins: bool,
}

/// The broker's strategies.
pub(crate) const SERVER: [&str; 3] = ["uniform", "server-range", "simple"];

/// Members, partitions for each member, topics.
const GROUPS: [(usize, usize, usize); 12] = [
    (100, 10, 10),
    (100, 10, 100),
    (500, 10, 100),
    (1000, 5, 100),
    (1000, 10, 10),
    (1000, 10, 100),
    (1000, 50, 100),
    (1000, 10, 1000),
    (5000, 10, 100),
    (10_000, 10, 100),
    (10_000, 10, 1000),
    (10_000, 50, 100),
];

/// Members, partitions of each topic, topics.
const SHARE_GROUPS: [(usize, usize, usize); 6] = [
    (10, 10, 10),
    (100, 10, 10),
    (100, 100, 10),
    (100, 100, 100),
    (1000, 10, 10),
    (1000, 100, 100),
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    let same = Shape { buckets: 1, has_racks: false, one_joins: false };
    let buckets = Shape { buckets: 5, ..same };
    let racks = Shape { has_racks: true, ..same };
    for assignor in
        SERVER.into_iter().chain(["range", "roundrobin", "sticky", "cooperative-sticky"])
    {
        let mut add = |members: usize, topics: usize, partitions: usize, shape: Shape| {
            for one_joins in [false, true] {
                let (assignor, shape) = (assignor.to_owned(), Shape { one_joins, ..shape });
                rows.push(Row { assignor, members, topics, partitions, shape });
            }
        };
        if assignor == "simple" {
            for (members, partitions, topics) in SHARE_GROUPS {
                add(members, topics, partitions * topics, same);
            }
            continue;
        }
        for (members, ratio, topics) in GROUPS {
            add(members, topics, members * ratio, same);
            add(members, topics, members * ratio, buckets);
            if matches!(assignor, "range" | "sticky" | "cooperative-sticky") {
                add(members, topics, members * ratio, racks);
            }
        }
    }
    rows
}

impl Row {
    /// The buckets of topics.
    pub(crate) fn buckets<'a, T>(&self, topics: &'a [T]) -> Vec<&'a [T]> {
        topics.chunks(topics.len().div_ceil(self.shape.buckets)).collect()
    }

    /// How many are there before anybody joins.
    pub(crate) fn first(&self) -> usize {
        self.members - usize::from(self.shape.one_joins)
    }

    /// The bucket of a member.
    pub(crate) fn bucket_of(&self, member: usize) -> usize {
        // Who joins is in the first one.
        if member == self.first() { 0 } else { member / self.first().div_ceil(self.shape.buckets) }
    }

    /// The id of a member.
    pub(crate) fn id(&self, member: usize) -> String {
        if member == self.first() { "newMember".to_owned() } else { format!("member{member}") }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { assignor, members, topics, partitions, shape } = self;
        write!(f, "| {assignor} | {members} | {topics} | {partitions} | {shape}")
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.buckets {
            1 => write!(f, "same")?,
            buckets => write!(f, "{buckets} buckets")?,
        }
        f.write_str(if self.has_racks { ", 3 racks" } else { "" })?;
        f.write_str(if self.one_joins { ", one joins" } else { ", fresh" })
    }
}
