//! `[[expect]]`

use crate::kernel::time::Instant;
use crate::parse::document::{Node, Value};
use crate::parse::leaf::{Amount, Count, Number};
use crate::parse::problem::Problem;
use crate::parse::shape::{List, Reader, Shape, word};
use crate::parse::spec::{Kind, Leaf, Rule, Word};
use crate::parse::table::table;
use crate::scenario::expect::Stat;
use crate::scenario::metric::Metric;
use serde_json::json;

/// The keys that say what the value must be, one in each block.
pub(crate) const COMPARISONS: &[&str] = &["equals", "at_least", "at_most", "between", "near"];

table! {
    /// What must be true of the run. Without a time it is about the whole run: the last value of a
    /// gauge, the sum of a count or a time.
    Expect, "expectation", "[[expect]]",
    [
        Rule::Required("metric"),
        Rule::AtMostOne(&["at", "from"]),
        Rule::AtMostOne(&["at", "to"]),
        Rule::AtMostOne(&["at", "stat"]),
        Rule::ExactlyOne(COMPARISONS),
    ];

    /// What is measured; see Metrics.
    metric: Metric;
    /// Of which group.
    group: String = "the group, if there is only one";
    /// Of which topic.
    topic: String = "the topic, if a partition is given and there is only one";
    /// Of which partition of the topic; or a partition with its topic: `"orders-3"`.
    partition: PartitionKey;
    /// Of which consumer.
    consumer: String;
    /// Of which producer.
    producer: String;
    /// Only what this caused: the action of an event, `rebalance`, `reset`, `retention` …
    cause: String;
    /// Only after the Nth `[[events]]` block, counted from 1.
    event: Count<1, { u32::MAX as u64 }> = "the largest of all events";
    /// At the end of this tick.
    at: Instant;
    /// Or in a window that begins after this time …
    from: Instant = "\"0s\"";
    /// … and ends with this one.
    to: Instant = "the end of the run";
    /// How the values in the window become one: `max`, `min`, `mean`, `sum`, `last`, `p99` …
    stat: Stat = "`last` of a gauge, `sum` of a count or time";
    /// It is this.
    equals: Amount;
    /// It is this or more.
    at_least: Amount;
    /// It is this or less.
    at_most: Amount;
    /// It is one of these two or in between.
    between: List<Amount, 2, 2>;
    /// It is this, within some percent.
    near: Near;
}

table! {
    /// A value and how far from it the measured one may be.
    Near, "near", "{ value = 9.2, percent = 5 }",
    [Rule::Required("value"), Rule::Required("percent")];

    /// The middle.
    value: Amount;
    /// Half the width, in percent of the middle.
    percent: Number;
}

/// One word for each metric.
const METRICS: [Word; Metric::ALL.len()] = {
    let mut words = [const { Word { word: "", doc: "" } }; Metric::ALL.len()];
    let mut i = 0;
    while i < words.len() {
        let about = Metric::ALL[i].about();
        words[i] = Word { word: about.name, doc: about.meaning };
        i += 1;
    }
    words
};

impl Shape for Metric {
    const KIND: Kind = Kind::Words(&METRICS);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let names = METRICS.map(|word| word.word);
        let kind = Kind::Leaf(&METRIC);
        word(node, &kind, &names, reader).and_then(Metric::named)
    }
}

/// Too many to list under a wrong one.
static METRIC: Leaf =
    Leaf { name: "metric", expected: "a metric such as \"lag\"", schema: || json!({}) };

static PARTITION: Leaf = Leaf {
    name: "partition",
    expected: "a partition's number, or one with its topic such as \"orders-3\"",
    schema: || {
        let number = json!({"type": "integer", "minimum": 0, "maximum": u32::MAX});
        json!({"anyOf": [number, {"type": "string", "pattern": "-[0-9]+$"}]})
    },
};

/// A partition as an expectation names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum PartitionKey {
    /// Its number; the topic stands beside it, or there is only one.
    Number(u32),
    /// `orders-3`
    Label(String),
}

impl Shape for PartitionKey {
    const KIND: Kind = Kind::Leaf(&PARTITION);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let key = match &node.value {
            Value::Integer(number) => u32::try_from(*number).ok().map(PartitionKey::Number),
            Value::Text(label) => Some(PartitionKey::Label(label.clone())),
            _ => None,
        };
        if key.is_none() {
            reader.mismatch(node, &Self::KIND);
        }
        key
    }
}

static STAT: Leaf = Leaf {
    name: "statistic",
    expected: "\"max\", \"min\", \"mean\", \"sum\", \"last\" or a percentile such as \"p99\"",
    schema: || {
        let pattern = r"^(max|min|mean|sum|last|p[0-9]+(\.[0-9]+)?)$";
        json!({"type": "string", "pattern": pattern})
    },
};

impl Shape for Stat {
    const KIND: Kind = Kind::Leaf(&STAT);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Value::Text(text) = &node.value else {
            reader.mismatch(node, &Self::KIND);
            return None;
        };
        let stat = match text.as_str() {
            "max" => Some(Stat::Max),
            "min" => Some(Stat::Min),
            "mean" => Some(Stat::Mean),
            "sum" => Some(Stat::Sum),
            "last" => Some(Stat::Last),
            other => percentile(other).map(Stat::Percentile),
        };
        if stat.is_none() {
            let problem = Problem::error(node.at, format!("{text:?} is not a statistic"));
            reader.push(problem.label(format!("expected {}", STAT.expected)));
        }
        stat
    }
}

/// `p50`, `p99`, `p99.9`: from 0 to 100.
fn percentile(text: &str) -> Option<f64> {
    let number = text.strip_prefix('p')?;
    if !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    number.parse().ok().filter(|percent| (0.0..=100.0).contains(percent))
}
