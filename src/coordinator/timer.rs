//! The timers of a shard, by name, and what each does when it ends.

use super::classic;
use super::classic::group::ClassicGroup;
use super::effect::Effect;
use super::group::Group;
use super::shard::Shard;
use crate::kernel::time::{Instant, Span};
use crate::model::Name;

/// How long until a timer is tried again whose records got lost (`CoordinatorTimerImpl`).
const TIMER_RETRY: Span = Span::from_ms(500);

/// A timer's name; scheduling a name again replaces it (`CoordinatorTimer`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum TimerName {
    /// A classic group's join phase.
    Join(Name),
    /// A classic group's sync phase.
    Sync(Name),
    /// A classic member's session, or its first join.
    Session(Name, Name),
    /// A session of a member of a consumer or share group.
    MemberSession(Name, Name),
    /// What a member of a consumer group has to give up.
    Revocation(Name, Name),
    /// A member of a consumer group that speaks the classic protocol must join.
    ClassicJoin(Name, Name),
    /// A member of a consumer group that speaks the classic protocol must sync.
    ClassicSync(Name, Name),
    /// Regular expressions of a group on their way to be resolved in the background.
    Resolution(Name),
    /// The search for expired offsets.
    Expiry,
    /// A write that waits to be committed.
    Write(u64),
}

/// What happens when a timer ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TimerEvent {
    /// Complete the join with those who are there.
    CompleteJoin,
    /// Complete the first join of an empty group, or wait once more if somebody new came.
    CompleteInitialJoin {
        /// The delay that just ended.
        delay: Span,
        /// What remains of the first member's rebalance timeout.
        remaining: Span,
    },
    /// Remove those who did not sync in this generation.
    ExpireSync {
        /// The generation that the timer was set for.
        generation: i32,
    },
    /// Remove the member, unless it is known to be alive.
    ExpireSession,
    /// Remove the member if it is still at this epoch.
    ExpireRevocation {
        /// The epoch that the timer was set for.
        epoch: i32,
    },
    /// Match these against all topics.
    Resolve {
        /// In the order of their records.
        regexes: Vec<Name>,
    },
    /// Take expired offsets away.
    ExpireOffsets,
    /// Fail the write.
    ExpireWrite,
}

impl Shard {
    /// When [`Shard::on_timer`] is next needed.
    pub fn next_deadline(&mut self) -> Option<Instant> {
        self.timers.next_deadline()
    }

    /// Ends the next timer that is due; whether there was one. Call it until there is none.
    pub fn on_timer(&mut self, now: Instant, out: &mut Vec<Effect>) -> bool {
        let Some((name, event)) = self.timers.pop_due(now) else { return false };
        let outcome = match (name, event) {
            (TimerName::Join(group), TimerEvent::CompleteInitialJoin { delay, remaining }) => self
                .with_group(now, &group, out, |group, cx| {
                    group.complete_initial_join(delay, remaining, cx)
                }),
            (TimerName::Join(group), _) => {
                self.with_group(now, &group, out, ClassicGroup::complete_join_phase)
            }
            (TimerName::Sync(group), TimerEvent::ExpireSync { generation }) => {
                self.with_group(now, &group, out, |group, cx| group.expire_sync(generation, cx))
            }
            (TimerName::Session(group, member), _) => {
                self.with_group(now, &group, out, |group, cx| {
                    classic::expire_session(group, &member, cx)
                })
            }
            (
                name @ (TimerName::MemberSession(..)
                | TimerName::Revocation(..)
                | TimerName::ClassicJoin(..)
                | TimerName::ClassicSync(..)),
                event,
            ) => {
                self.expire_modern_member(now, name, event, out);
                None
            }
            (TimerName::Resolution(group), TimerEvent::Resolve { regexes }) => {
                self.finish_resolution(now, &group, &regexes, out);
                None
            }
            (TimerName::Expiry, _) => {
                self.expire_offsets(now, out);
                None
            }
            (TimerName::Write(id), _) => {
                self.expire_write(now, id, out);
                None
            }
            (TimerName::Sync(_) | TimerName::Resolution(_), event) => {
                unreachable!("{event:?} has no such name")
            }
        };
        if let Some(outcome) = outcome {
            self.finish(now, outcome, None, out);
        }
        true
    }

    /// What a timer did failed: it is tried again.
    pub(super) fn retry(&mut self, now: Instant, name: &TimerName, event: TimerEvent) {
        match name {
            TimerName::Expiry => self.schedule_expiry(now),
            name => self.timers.schedule(name, now + TIMER_RETRY, event),
        }
    }

    /// A timer of a member of a consumer or share group ended.
    fn expire_modern_member(
        &mut self,
        now: Instant,
        name: TimerName,
        event: TimerEvent,
        out: &mut Vec<Effect>,
    ) {
        let (TimerName::MemberSession(group, _)
        | TimerName::Revocation(group, _)
        | TimerName::ClassicJoin(group, _)
        | TimerName::ClassicSync(group, _)) = &name
        else {
            return;
        };
        match self.groups.get(group) {
            Some(Group::Consumer(_)) => self.expire_consumer_member(now, name, event, out),
            Some(Group::Share(_)) => self.expire_share_member(now, name, event, out),
            Some(Group::Classic(_)) | None => {}
        }
    }
}
