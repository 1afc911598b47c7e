//! A group of any kind.

use super::classic::group::ClassicGroup;
use super::consumer::group::ConsumerGroup;

/// A group, by the protocol of its members.
#[derive(Clone, Debug)]
pub(super) enum Group {
    /// `JoinGroup` and `SyncGroup`; also a group without members that only has offsets.
    Classic(Box<ClassicGroup>),
    /// `ConsumerGroupHeartbeat` (KIP-848).
    Consumer(Box<ConsumerGroup>),
}

impl Group {
    /// The name of its kind.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Group::Classic(_) => "classic",
            Group::Consumer(_) => "consumer",
        }
    }

    /// The classic group, if it is one.
    pub(super) fn as_classic(&self) -> Option<&ClassicGroup> {
        match self {
            Group::Classic(group) => Some(group),
            Group::Consumer(_) => None,
        }
    }

    /// The classic group, if it is one, to change it.
    pub(super) fn as_classic_mut(&mut self) -> Option<&mut ClassicGroup> {
        match self {
            Group::Classic(group) => Some(group),
            Group::Consumer(_) => None,
        }
    }

    /// The consumer group, if it is one.
    pub(super) fn as_consumer(&self) -> Option<&ConsumerGroup> {
        match self {
            Group::Consumer(group) => Some(group),
            Group::Classic(_) => None,
        }
    }

    /// The consumer group, if it is one, to change it.
    pub(super) fn as_consumer_mut(&mut self) -> Option<&mut ConsumerGroup> {
        match self {
            Group::Consumer(group) => Some(group),
            Group::Classic(_) => None,
        }
    }
}

impl From<ClassicGroup> for Group {
    fn from(group: ClassicGroup) -> Self {
        Group::Classic(Box::new(group))
    }
}

impl From<ConsumerGroup> for Group {
    fn from(group: ConsumerGroup) -> Self {
        Group::Consumer(Box::new(group))
    }
}
