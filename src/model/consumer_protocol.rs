//! The consumer protocol that classic members speak through the coordinator: subscriptions and
//! assignments, opaque bytes to everybody between them (`ConsumerProtocol`).
//!
//! A run keeps them as values; bytes that are neither keep their form, because the coordinator
//! compares and stores them all the same.

use super::Name;
use serde::{Deserialize, Serialize};

/// Partitions of one topic.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TopicPartitions {
    /// The topic's name.
    pub topic: Name,
    /// Partition indexes.
    pub partitions: Vec<u32>,
}

/// What a member says when it joins (`ConsumerProtocolSubscription`, versions 0 to 3).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Subscription {
    /// Version of the wire form.
    #[serde(rename = "v")]
    pub version: i16,
    /// Topics, sorted on the wire.
    pub topics: Vec<Name>,
    /// What the assignor wants to tell the leader.
    pub user_data: Option<Base64>,
    /// Partitions that the member owns (version 1).
    pub owned_partitions: Vec<TopicPartitions>,
    /// Generation in which it owned them (version 2); negative: none.
    pub generation_id: i32,
    /// `client.rack` (version 3).
    pub rack_id: Option<Name>,
}

impl Default for Subscription {
    fn default() -> Self {
        Subscription {
            version: 3,
            topics: Vec::new(),
            user_data: None,
            owned_partitions: Vec::new(),
            generation_id: -1,
            rack_id: None,
        }
    }
}

/// What the leader gives a member (`ConsumerProtocolAssignment`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Assignment {
    /// Version of the wire form.
    #[serde(rename = "v")]
    pub version: i16,
    /// Partitions by topic, topics in order of first appearance.
    pub assigned_partitions: Vec<TopicPartitions>,
    /// What the leader's assignor tells the member's.
    pub user_data: Option<Base64>,
}

impl Default for Assignment {
    fn default() -> Self {
        Assignment { version: 3, assigned_partitions: Vec::new(), user_data: None }
    }
}

/// Raw bytes.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base64 {
    /// The bytes, printed in base64.
    #[serde(with = "super::base64")]
    pub b64: Vec<u8>,
}

/// Bytes that a request, a response or a record carries for the consumer protocol.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum ProtocolBytes {
    /// No bytes at all.
    #[default]
    Empty,
    /// A subscription.
    Subscription(Subscription),
    /// An assignment.
    Assignment(Assignment),
    /// Anything else.
    Raw(Vec<u8>),
}

/// Why the topics of a subscription cannot be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malformed {
    /// The bytes end too early: Kafka notices (`SchemaException`) and goes on without the topics.
    Short,
    /// The bytes promise more than they hold: Kafka 4.3.1 throws.
    Throws,
}

impl ProtocolBytes {
    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        matches!(self, ProtocolBytes::Empty)
    }

    /// The topics of a subscription, read with version 0, the common prefix of all versions
    /// (`ClassicGroup.computeSubscribedTopics`).
    pub fn subscribed_topics(&self) -> Result<Vec<Name>, Malformed> {
        match self {
            ProtocolBytes::Subscription(subscription) => Ok(subscription.topics.clone()),
            ProtocolBytes::Empty => Err(Malformed::Short),
            ProtocolBytes::Assignment(_) => Err(Malformed::Throws),
            ProtocolBytes::Raw(bytes) => read_topics(bytes),
        }
    }
}

/// Reads version, topics and user data as Kafka's generated code does, with its two ways to fail.
fn read_topics(bytes: &[u8]) -> Result<Vec<Name>, Malformed> {
    let mut rest = bytes;
    let mut take = |n: usize| -> Option<&[u8]> {
        let (head, tail) = rest.split_at_checked(n)?;
        rest = tail;
        Some(head)
    };
    let int = |b: &[u8]| i32::from_be_bytes(b.try_into().expect("four bytes"));
    take(2).ok_or(Malformed::Short)?;
    let count = int(take(4).ok_or(Malformed::Short)?);
    let count = usize::try_from(count).map_err(|_| Malformed::Throws)?;
    if count > bytes.len() - 6 {
        return Err(Malformed::Throws);
    }
    let mut topics = Vec::with_capacity(count);
    for _ in 0..count {
        let length = take(2).ok_or(Malformed::Short)?;
        let length = i16::from_be_bytes(length.try_into().expect("two bytes"));
        let length = usize::try_from(length).map_err(|_| Malformed::Throws)?;
        let name = take(length).ok_or(Malformed::Throws)?;
        topics.push(String::from_utf8_lossy(name).into());
    }
    let user_data = int(take(4).ok_or(Malformed::Short)?);
    if let Ok(length) = usize::try_from(user_data) {
        take(length).ok_or(Malformed::Throws)?;
    }
    Ok(topics)
}

/// `{"sub":…}`, `{"asg":…}`, `{"b64":…}`, or the empty text.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    Subscription { sub: Subscription },
    Assignment { asg: Assignment },
    Raw(Base64),
    Empty(String),
}

impl Serialize for ProtocolBytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.clone() {
            ProtocolBytes::Empty => Form::Empty(String::new()),
            ProtocolBytes::Subscription(sub) => Form::Subscription { sub },
            ProtocolBytes::Assignment(asg) => Form::Assignment { asg },
            ProtocolBytes::Raw(b64) => Form::Raw(Base64 { b64 }),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ProtocolBytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Form::deserialize(deserializer)? {
            Form::Subscription { sub } => ProtocolBytes::Subscription(sub),
            Form::Assignment { asg } => ProtocolBytes::Assignment(asg),
            Form::Raw(raw) => ProtocolBytes::Raw(raw.b64),
            Form::Empty(text) if text.is_empty() => ProtocolBytes::Empty,
            Form::Empty(text) => {
                return Err(serde::de::Error::custom(format!("`{text}`: expected empty bytes")));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(bytes: &[u8]) -> Result<Vec<Name>, Malformed> {
        ProtocolBytes::Raw(bytes.to_vec()).subscribed_topics()
    }

    #[test]
    fn garbage_fails_as_it_does_in_kafka() {
        assert_eq!(topics(b"x"), Err(Malformed::Short), "not even a version");
        assert_eq!(topics(b"u[t0]"), Err(Malformed::Short), "three bytes of a count");
        assert_eq!(topics(b"u[t0, t1]"), Err(Malformed::Throws), "a count beyond the end");
    }

    #[test]
    fn version_zero_is_the_prefix_of_all() {
        let bytes = b"\0\x03\0\0\0\x02\0\x01a\0\x02bc\xff\xff\xff\xff\0\0\0\0";
        assert_eq!(topics(bytes), Ok(vec!["a".into(), "bc".into()]));
    }
}
