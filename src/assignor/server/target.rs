//! The target of a group: asks a strategy on behalf of a broker and says which records it writes
//! (`coordinator.group.modern.TargetAssignmentBuilder`).

use super::{
    Answer, Member, Partitions, Question, ServerAssignor, SubscriptionType, Target, Thrown, Topic,
};
use crate::kernel::java_map::JavaMap;
use crate::model::Name;
use std::sync::Arc;

/// A member as its group knows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Known {
    /// The member's id.
    pub id: Name,
    /// `group.instance.id` of a static member.
    pub instance: Option<Name>,
    /// `client.rack`.
    pub rack: Option<Name>,
    /// Names of the topics that it subscribes to.
    pub topics: Arc<[Name]>,
    /// Its last target; `None`: there is no record.
    pub target: Option<Arc<Target>>,
}

/// A group for which a target is computed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Request {
    /// Topics that the metadata knows.
    pub topics: Vec<Topic>,
    /// Members in the order in which the group's map is walked.
    pub members: Vec<Known>,
    /// What the heartbeat changes, in the order in which the builder is told.
    pub updates: Vec<Update>,
    /// How the subscriptions relate after the updates.
    pub subscription: SubscriptionType,
    /// The partitions that may be assigned; `None`: all of them.
    pub assignable: Option<Vec<Partitions>>,
}

/// What a heartbeat changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Update {
    /// A member is new, or subscribes to other topics. One with the instance id of another takes
    /// over the other's target.
    Put(Known),
    /// A static member is replaced.
    Remove(Name),
}

impl Update {
    fn id(&self) -> &Name {
        match self {
            Update::Put(member) => &member.id,
            Update::Remove(id) => id,
        }
    }
}

/// Records to write.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Written {
    /// Members whose target is another one now, in the order of the records.
    pub changed: Vec<(Name, Target)>,
}

/// Computes the targets.
pub fn compute(request: &Request, assignor: &dyn ServerAssignor) -> Result<Written, Thrown> {
    let (question, befores) = question(request);
    let answer = assignor.assign(&question)?;
    let mut changed = Vec::new();
    for (place, (member, before)) in question.members.iter().zip(befores).enumerate() {
        if before.is_none_or(|before| !is_same(before, &answer, place)) {
            changed.push((member.id.clone(), answer.target(place)));
        }
    }
    Ok(Written { changed })
}

/// The target that was written last; `None`: there is none.
pub type Last<'a> = Option<&'a Arc<Target>>;

/// What the strategy is asked, and the last target of each of its members.
pub fn question(request: &Request) -> (Question, Vec<Last<'_>>) {
    // Rows of the list of all members; those of updates come behind those of the group.
    let mut rows: Vec<(&Known, Last, Last)> = Vec::new();
    let mut map: JavaMap<Name, usize> = JavaMap::new();
    for member in &request.members {
        map.put(member.id.clone(), rows.len());
        rows.push((member, member.target.as_ref(), member.target.as_ref()));
    }
    let target_of = |id: &Name| {
        let found = request.members.iter().find(|member| member.id == *id);
        found.and_then(|member| member.target.as_ref())
    };
    let mut updates: JavaMap<Name, &Update> = JavaMap::new();
    for update in &request.updates {
        updates.put(update.id().clone(), update);
    }
    for (id, update) in &updates {
        let Update::Put(member) = update else {
            map.remove(id);
            continue;
        };
        let same_instance = |known: &&Known| known.instance == member.instance && known.id != *id;
        let before = target_of(id).or(member.target.as_ref());
        let predecessor =
            member.instance.as_ref().and_then(|_| request.members.iter().rev().find(same_instance));
        let start = predecessor.map_or(before, |known| known.target.as_ref());
        map.put(id.clone(), rows.len());
        rows.push((member, start, before));
    }

    let mut is_left = vec![false; rows.len()];
    let mut members = Vec::with_capacity(map.len());
    let mut befores = Vec::with_capacity(map.len());
    for &row in map.values() {
        let (known, start, before) = rows[row];
        is_left[row] = true;
        members.push(Member {
            id: known.id.clone(),
            instance: known.instance.clone(),
            rack: known.rack.clone(),
            topics: known.topics.clone(),
            target: start.cloned().unwrap_or_default(),
        });
        befores.push(before);
    }
    let gone = request.members.iter().zip(is_left).filter(|(_, is_left)| !is_left);
    let question = Question {
        topics: request.topics.clone(),
        members,
        others: gone.filter_map(|(member, _)| member.target.clone()).collect(),
        subscription: request.subscription,
        assignable: request.assignable.clone(),
    };
    (question, befores)
}

/// Whether a member's answer is what its target was: the same partitions in any order. A topic
/// without partitions counts.
fn is_same(before: &Target, answer: &Answer, place: usize) -> bool {
    let mut after: Vec<_> = answer.of(place).collect();
    if before.len() != after.len() {
        return false;
    }
    let as_listed = before
        .iter()
        .zip(&after)
        .all(|(before, after)| before.topic == after.0 && before.partitions == after.1);
    as_listed || {
        let mut before: Vec<&Partitions> = before.iter().collect();
        before.sort_unstable_by_key(|entry| entry.topic);
        after.sort_unstable_by_key(|&(topic, _)| topic);
        before.iter().zip(after).all(|(before, (topic, partitions))| {
            before.topic == topic && is_same_set(&before.partitions, partitions)
        })
    }
}

fn is_same_set(a: &[u32], b: &[u32]) -> bool {
    a == b || {
        let sorted = |list: &[u32]| {
            let mut list = list.to_vec();
            list.sort_unstable();
            list.dedup();
            list
        };
        sorted(a) == sorted(b)
    }
}
