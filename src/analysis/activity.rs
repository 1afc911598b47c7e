//! What each consumer of a group was doing, and when.

use crate::kernel::time::Instant;
use crate::model::fact::{Fact, GroupFact};
use crate::model::id::{ConsumerId, GroupId};
use crate::trace::Trace;
use crate::trace::live::Live;

/// What a consumer does as far as its group is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Activity {
    /// It owns partitions.
    Active,
    /// It has given up what it owned and has not been assigned anything since.
    Rebalancing,
    /// A running member that owns nothing while its group is stable.
    Idle,
    /// It runs and owns nothing because it waits for its group: to join, or to become stable.
    Waiting,
    /// Its process is gone, but the coordinator counts it still.
    Gone,
}

/// A time in which a consumer did one thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spell {
    /// Who.
    pub consumer: ConsumerId,
    /// What it did.
    pub activity: Activity,
    /// Since when.
    pub from: Instant,
    /// Until when; the end of the run if it still does it then.
    pub to: Instant,
}

/// How many consumers did what from a moment on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Headcount {
    /// Since when.
    pub at: Instant,
    /// Members as the coordinator counts them: a crashed one until it is removed.
    pub members: u32,
    /// Consumers that own partitions.
    pub active: u32,
    /// Consumers between two assignments.
    pub rebalancing: u32,
    /// Members that own nothing while the group is stable.
    pub idle: u32,
    /// Consumers that wait for their group.
    pub waiting: u32,
}

impl Headcount {
    /// Consumers whose process runs.
    pub fn running(&self) -> u32 {
        self.active + self.rebalancing + self.idle + self.waiting
    }

    fn count(&mut self, activity: Option<Activity>) -> Option<&mut u32> {
        match activity? {
            Activity::Active => Some(&mut self.active),
            Activity::Rebalancing => Some(&mut self.rebalancing),
            Activity::Idle => Some(&mut self.idle),
            Activity::Waiting => Some(&mut self.waiting),
            Activity::Gone => None,
        }
    }
}

/// What the consumers of a group did over a run.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Activities {
    /// Who did what, in order of the end.
    pub spells: Vec<Spell>,
    /// How many did what, at every change; the first entry is the start of the run.
    pub headcounts: Vec<Headcount>,
}

/// What the consumers of a group did, up to `end`.
pub fn activities(trace: &Trace, group: GroupId, end: Instant) -> Activities {
    let ids = (0..trace.consumers.len()).map(ConsumerId::new);
    let ours: Vec<ConsumerId> =
        ids.filter(|id| trace.consumers[id.index()].group == group).collect();
    let mut watch = Watch {
        group,
        live: nobody_yet(trace),
        doing: vec![None; trace.consumers.len()],
        now: Headcount::default(),
        seen: Activities { spells: Vec::new(), headcounts: vec![Headcount::default()] },
    };
    for (at, fact) in trace.facts_of(group) {
        watch.live.record(group, fact);
        let about = match fact {
            Fact::Consumer { consumer, .. }
            | Fact::Group {
                what:
                    GroupFact::MemberAdded { consumer, .. } | GroupFact::MemberRemoved { consumer, .. },
                ..
            } => std::slice::from_ref(consumer),
            _ => &ours,
        };
        for &consumer in about {
            watch.look_at(consumer, at);
        }
        watch.count(at);
    }
    for &consumer in &ours {
        watch.begin(consumer, None, end);
    }
    watch.seen
}

/// How things stood before the first fact.
fn nobody_yet(trace: &Trace) -> Live {
    let partitions = trace.live.groups.first().map_or(0, |group| group.owner.len());
    let mut live = Live::new(trace.live.groups.len(), partitions);
    for _ in &trace.consumers {
        live.add_consumer();
    }
    live
}

/// A replay of the facts of a group.
struct Watch {
    group: GroupId,
    live: Live,
    /// By consumer: what it does, and since when.
    doing: Vec<Option<(Activity, Instant)>>,
    now: Headcount,
    seen: Activities,
}

impl Watch {
    fn look_at(&mut self, consumer: ConsumerId, at: Instant) {
        let state = &self.live.consumers[consumer.index()];
        let activity = match (state.running, state.member) {
            (false, true) => Some(Activity::Gone),
            (false, false) => None,
            _ if state.is_rebalancing() => Some(Activity::Rebalancing),
            _ if !state.owned.is_empty() => Some(Activity::Active),
            _ if self.live.is_idle(self.group, consumer) => Some(Activity::Idle),
            _ => Some(Activity::Waiting),
        };
        if self.doing[consumer.index()].map(|(doing, _)| doing) != activity {
            self.begin(consumer, activity, at);
        }
    }

    /// A consumer ends what it did and begins something else.
    fn begin(&mut self, consumer: ConsumerId, activity: Option<Activity>, at: Instant) {
        let next = activity.map(|activity| (activity, at));
        let last = std::mem::replace(&mut self.doing[consumer.index()], next);
        if let Some((activity, from)) = last.filter(|&(_, from)| from < at) {
            self.seen.spells.push(Spell { consumer, activity, from, to: at });
        }
        if let Some(before) = self.now.count(last.map(|(activity, _)| activity)) {
            *before -= 1;
        }
        if let Some(after) = self.now.count(activity) {
            *after += 1;
        }
    }

    /// Keeps the headcount at the end of each tick that changes it.
    fn count(&mut self, at: Instant) {
        self.now.at = at;
        self.now.members = self.live.groups[self.group.index()].members.len() as u32;
        let counts = &mut self.seen.headcounts;
        match counts.last_mut() {
            Some(last) if last.at == at => *last = self.now,
            Some(last) if (Headcount { at, ..*last }) == self.now => {}
            _ => counts.push(self.now),
        }
    }
}
