//! Members that are taken out of the group, because they leave or do not answer
//! (kafka-semantics 4.6; `GroupMetadataManager.consumerGroupFenceMembers`).

use super::group::ConsumerGroup;
use super::member::Member;
use super::outcome::{Outcome, Timer};
use super::record;
use crate::coordinator::image::TopicImage;
use crate::model::record::Record;

/// Takes a member out. The group enters a new epoch; its target is computed at the next heartbeat
/// of somebody else.
pub(super) fn fence(group: &ConsumerGroup, member: &Member, image: &TopicImage, out: &mut Outcome) {
    out.records.extend(record::no_member(&group.id, &member.id));
    let mut counts = group.counts.clone();
    counts.count_names(&member.topics, false);
    if let Some(regex) = member.regex().filter(|regex| group.regex_users(regex) == 1) {
        out.records.push(record::no_regex(&group.id, regex));
        if let Some(topics) = group.regex_topics(member) {
            counts.count_regex(topics.iter(), false);
        }
    }
    let hash = image.hash_of(counts.topics());
    out.records.push(record::epoch(&group.id, group.epoch + 1, hash));
    out.timers.push(Timer::Gone(member.id.clone()));
}

impl ConsumerGroup {
    /// Tombstones of everything that the log has of the group; `None`: it has members.
    pub(in crate::coordinator) fn tombstones(&self) -> Option<Vec<Record>> {
        if !self.members.is_empty() {
            return None;
        }
        let mut records = vec![record::no_target_epoch(&self.id)];
        records.extend(self.resolved.keys().map(|regex| record::no_regex(&self.id, regex)));
        records.extend(record::no_group(&self.id));
        Some(records)
    }
}
