//! A group of any kind.

use super::classic::group::ClassicGroup;
use super::consumer::group::ConsumerGroup;
use super::share::group::ShareGroup;

/// A group, by the protocol of its members.
#[derive(Clone, Debug)]
pub(super) enum Group {
    /// `JoinGroup` and `SyncGroup`; also a group without members that only has offsets.
    Classic(Box<ClassicGroup>),
    /// `ConsumerGroupHeartbeat` (KIP-848).
    Consumer(Box<ConsumerGroup>),
    /// `ShareGroupHeartbeat` (KIP-932).
    Share(Box<ShareGroup>),
}

impl Group {
    /// The name of its kind.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Group::Classic(_) => "classic",
            Group::Consumer(_) => "consumer",
            Group::Share(_) => "share",
        }
    }

    /// The classic group, if it is one.
    pub(super) fn as_classic(&self) -> Option<&ClassicGroup> {
        if let Group::Classic(group) = self { Some(group) } else { None }
    }

    /// The classic group, if it is one, to change it.
    pub(super) fn as_classic_mut(&mut self) -> Option<&mut ClassicGroup> {
        if let Group::Classic(group) = self { Some(group) } else { None }
    }

    /// The consumer group, if it is one.
    pub(super) fn as_consumer(&self) -> Option<&ConsumerGroup> {
        if let Group::Consumer(group) = self { Some(group) } else { None }
    }

    /// The consumer group, if it is one, to change it.
    pub(super) fn as_consumer_mut(&mut self) -> Option<&mut ConsumerGroup> {
        if let Group::Consumer(group) = self { Some(group) } else { None }
    }

    /// The share group, if it is one.
    pub(super) fn as_share(&self) -> Option<&ShareGroup> {
        if let Group::Share(group) = self { Some(group) } else { None }
    }

    /// The share group, if it is one, to change it.
    pub(super) fn as_share_mut(&mut self) -> Option<&mut ShareGroup> {
        if let Group::Share(group) = self { Some(group) } else { None }
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

impl From<ShareGroup> for Group {
    fn from(group: ShareGroup) -> Self {
        Group::Share(Box::new(group))
    }
}
