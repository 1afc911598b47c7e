//! The names that were measured on the cluster, measured on a simulated run in the same way.

use super::experiment::Experiment;
use super::gaps::{longest, with_the_one_before};
use super::stalls::{ACTIVE, Stalls};
use super::watch::Watch;
use crate::kernel::time::Instant;
use crate::model::config::GroupProtocol;
use crate::model::error::ErrorCode;
use crate::model::fact::ConsumerFact;
use crate::model::id::{ConsumerId, GroupId, PartitionId};
use crate::scenario::Scenario;
use crate::trace::ranges::RangeSet;
use crate::trace::{Answer, Api};
use crate::world::Run;
use std::collections::{BTreeMap, BTreeSet};

/// What was measured, by name.
pub(super) type Measures = BTreeMap<String, f64>;

/// A finished run and what to call its parts.
pub(super) struct Seen<'a> {
    pub experiment: &'a Experiment,
    /// Which of its runs.
    pub run: usize,
    pub scenario: &'a Scenario,
    pub watch: &'a Watch,
    pub stalls: Stalls,
    /// When everything was over but for the closing of consumers.
    pub end: Instant,
}

/// A moment in seconds.
pub(super) fn s(at: Instant) -> f64 {
    at.as_us() as f64 / 1e6
}

/// A span of time after a labelled event.
pub(super) struct After<'a> {
    pub label: &'a str,
    pub from: f64,
    pub to: f64,
}

impl Seen<'_> {
    /// All of them.
    pub(super) fn measure(&self, world: &mut Run) -> Measures {
        let mut m = Measures::new();
        self.starts(&mut m);
        for (label, from, to) in self.labels() {
            self.after(&After { label: &label, from, to }, &mut m);
        }
        self.window(&mut m);
        self.ledger(world, &mut m);
        self.memberships(&mut m);
        self.samples(world, &mut m);
        m
    }

    fn consumers(&self) -> impl Iterator<Item = (ConsumerId, &str, GroupId)> {
        let rows = self.watch.consumers.iter().enumerate();
        rows.map(|(row, info)| (ConsumerId::new(row), info.name.as_str(), info.group))
    }

    fn facts_of(&self, consumer: ConsumerId) -> impl Iterator<Item = (f64, &ConsumerFact)> {
        let ours = self.watch.facts.iter().filter(move |(_, of, _)| *of == consumer);
        ours.map(|(at, _, what)| (s(*at), what))
    }

    fn answers_of(
        &self,
        consumer: ConsumerId,
        apis: &'static [Api],
    ) -> impl Iterator<Item = (f64, &Answer)> {
        let ours = move |answer: &Answer| answer.consumer == consumer && apis.contains(&answer.api);
        let answers = self.watch.answers.iter().filter(move |(_, answer)| ours(answer));
        answers.map(|(at, answer)| (s(*at), answer))
    }

    /// When a consumer had processed something, as often as the player's clients tell.
    fn records_of(&self, consumer: ConsumerId) -> Vec<f64> {
        let ours = self.watch.records.iter().filter(|(of, _)| *of == consumer);
        let mut moments: Vec<f64> = ours.map(|(_, p)| s(p.end)).collect();
        moments.sort_by(f64::total_cmp);
        moments
    }

    fn is_modern(&self, group: GroupId) -> bool {
        let template = &self.scenario.groups[group.index()].template;
        template.config.group_protocol == GroupProtocol::Consumer
    }

    /// Names of a group's measures begin with the group's where there are several.
    pub(super) fn prefix(&self, group: GroupId) -> String {
        match self.scenario.groups.len() {
            1 => String::new(),
            _ => format!("{}.", self.scenario.groups[group.index()].name),
        }
    }

    fn groups(&self) -> impl Iterator<Item = GroupId> + use<> {
        (0..self.scenario.groups.len()).map(GroupId::new)
    }

    /// Events with their labels, each up to the next.
    fn labels(&self) -> Vec<(String, f64, f64)> {
        let played = &self.experiment.runs[self.run];
        let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
        let mut marks = Vec::new();
        for event in &self.experiment.setup.events {
            let Some((action, target)) = event.action() else { continue };
            let nth = seen.entry((action.to_owned(), target.clone())).or_default();
            // To the microsecond, as the simulation has it.
            let at = super::scenario::when(played, action, &target, *nth);
            let at = at.map(|at| (at * 1e6).round() / 1e6);
            *nth += 1;
            let label = event.label.clone().unwrap_or_else(|| format!("{action}-{target}"));
            let wanted = self.experiment.setup.measure.as_ref();
            let wanted = wanted.is_none_or(|labels| labels.contains(&label));
            if let Some(at) = at.filter(|_| wanted && !matches!(action, "produce" | "stop")) {
                marks.push((at, label));
            }
        }
        marks.sort_by(|a, b| a.0.total_cmp(&b.0));
        let end = s(self.end);
        let ends: Vec<f64> = marks.iter().skip(1).map(|(at, _)| *at).chain([end]).collect();
        marks.into_iter().zip(ends).map(|((from, label), to)| (label, from, to)).collect()
    }

    fn starts(&self, m: &mut Measures) {
        for (consumer, name, _) in self.consumers() {
            let mut put = |what: &str, seconds: Option<f64>| {
                if let Some(seconds) = seconds {
                    m.insert(format!("{what}.{name}"), seconds * 1000.0);
                }
            };
            let first = |wanted: &dyn Fn(&ConsumerFact) -> bool| {
                self.facts_of(consumer).find(|(_, what)| wanted(what)).map(|(at, _)| at)
            };
            let Some(start) = first(&|what| *what == ConsumerFact::Started) else { continue };
            let start = start - super::scenario::starting(self.experiment, name);
            let since = |at: Option<f64>| at.map(|at| at - start);
            let join = since(first(&|what| *what == ConsumerFact::JoinSent));
            let callback = first(&|what| matches!(what, ConsumerFact::Assigned { .. }));
            let given = since(first(
                &|what| matches!(what, ConsumerFact::Assigned { partitions, .. } if !partitions.is_empty()),
            ));
            let record = since(self.records_of(consumer).first().copied());
            put(
                "start_to_startup_complete_ms",
                Some(super::scenario::starting(self.experiment, name)),
            );
            put("start_to_first_join_ms", join);
            put("start_to_first_callback_ms", since(callback));
            put("start_to_first_assignment_ms", given);
            put("join_to_first_assignment_ms", given.zip(join).map(|(given, join)| given - join));
            put("start_to_first_record_ms", record);
            put("assignment_to_first_record_ms", record.zip(given).map(|(r, given)| r - given));
        }
    }

    fn after(&self, after: &After, m: &mut Measures) {
        let mut settled: Option<f64> = None;
        for (consumer, name, group) in self.consumers() {
            self.callbacks_after(after, consumer, name, m);
            if !self.is_modern(group) {
                self.join_after(after, consumer, name, m);
            }
            self.requests_after(after, consumer, name, m);
            let last = self.facts_of(consumer).filter(|(at, what)| {
                after.holds(*at) && matches!(what, ConsumerFact::Assigned { .. })
            });
            let last = last.last().map(|(at, _)| at - after.from);
            settled = settled.into_iter().chain(last).max_by(f64::total_cmp);
            let mine = self.records_of(consumer);
            let was_active = mine.iter().any(|&at| after.from - ACTIVE <= at && at < after.from);
            let within = mine.iter().copied().find(|&at| after.holds(at));
            if let (true, Some(_)) = (was_active, within) {
                let moments = self.stalls.around(&mine, after);
                after.put("stall_ms", name, longest(&moments), m);
            } else {
                after.put("first_record_ms", name, within.map(|at| at - after.from), m);
            }
        }
        if let Some(settled) = settled {
            m.insert(format!("after.{}.last_assigned_callback_ms", after.label), settled * 1000.0);
        }
        for group in self.groups() {
            self.stalls_after(after, group, m);
        }
    }

    fn callbacks_after(&self, after: &After, of: ConsumerId, name: &str, m: &mut Measures) {
        let first = |wanted: &dyn Fn(&ConsumerFact) -> bool| {
            let mut facts = self.facts_of(of).filter(|(at, _)| after.holds(*at));
            facts.find(|(_, what)| wanted(what)).map(|(at, _)| at - after.from)
        };
        let revoked = first(&|what| matches!(what, ConsumerFact::Revoked(p) if !p.is_empty()));
        after.put("revoked_ms", name, revoked, m);
        let given = first(
            &|what| matches!(what, ConsumerFact::Assigned { partitions, .. } if !partitions.is_empty()),
        );
        after.put("assigned_ms", name, given, m);
        let lost = first(&|what| matches!(what, ConsumerFact::Lost(p) if !p.is_empty()));
        after.put("lost_ms", name, lost, m);
        after.put("shutdown_ms", name, first(&|what| *what == ConsumerFact::Closed), m);
        after.put("commit_failed_ms", name, first(&|what| self.throws(of, what)), m);
    }

    /// Whether a `commitSync` ended with an exception that the harness counts.
    fn throws(&self, consumer: ConsumerId, what: &ConsumerFact) -> bool {
        use crate::model::config::CommitMode;
        let group = self.watch.consumers[consumer.index()].group;
        let commit = self.scenario.groups[group.index()].commit;
        let sync = matches!(commit, CommitMode::SyncBatch | CommitMode::SyncRecord);
        let thrown = [
            ErrorCode::UnknownMemberId,
            ErrorCode::IllegalGeneration,
            ErrorCode::RebalanceInProgress,
            ErrorCode::StaleMemberEpoch,
            ErrorCode::FencedMemberEpoch,
        ];
        sync && matches!(what, ConsumerFact::CommitFailed(code) if thrown.contains(code))
    }

    fn join_after(&self, after: &After, of: ConsumerId, name: &str, m: &mut Measures) {
        let mut joins = self.facts_of(of).filter(|(_, what)| **what == ConsumerFact::JoinSent);
        let first = joins.find(|(at, _)| after.holds(*at)).map(|(at, _)| at - after.from);
        after.put("join_sent_ms", name, first, m);
    }

    fn requests_after(&self, after: &After, of: ConsumerId, name: &str, m: &mut Measures) {
        const COMMIT: &[Api] = &[Api::OffsetCommit];
        const BEATS: &[Api] = &[Api::Heartbeat, Api::ConsumerGroupHeartbeat];
        const ALL: &[Api] = &[
            Api::OffsetCommit,
            Api::Heartbeat,
            Api::ConsumerGroupHeartbeat,
            Api::JoinGroup,
            Api::SyncGroup,
            Api::FindCoordinator,
        ];
        for (what, apis) in [("commit_gap_ms", COMMIT), ("heartbeat_gap_ms", BEATS)] {
            let well = self.answers_of(of, apis).filter(|(_, answer)| answer.error.is_none());
            let well: Vec<f64> = well.map(|(at, _)| at).collect();
            let moments = with_the_one_before(&well, after.from, after.to, None);
            after.put(what, name, longest(&moments), m);
        }
        let slow = self
            .answers_of(of, COMMIT)
            .filter(|(_, answer)| after.from - 1.0 <= s(answer.sent) && s(answer.sent) < after.to);
        let slowest = slow.map(|(at, answer)| at - s(answer.sent)).max_by(f64::total_cmp);
        after.put("commit_slowest_ms", name, slowest, m);
        for (_, answer) in self.answers_of(of, ALL) {
            if !answer.error.is_none() && after.holds(s(answer.sent)) {
                let (api, code) = (api_name(answer.api), answer.error.number());
                *m.entry(format!("after.{}.errors.{api}.{code}.{name}", after.label))
                    .or_default() += 1.0;
            }
        }
        let told = |wanted: fn(&ConsumerFact) -> bool| -> Vec<f64> {
            let facts = self.facts_of(of).filter(|(at, what)| after.holds(*at) && wanted(what));
            facts.map(|(at, _)| at - after.from).collect()
        };
        let found = told(|what| matches!(what, ConsumerFact::CoordinatorFound(_)));
        after.put("coordinator_found_first_ms", name, found.first().copied(), m);
        after.put("coordinator_found_last_ms", name, found.last().copied(), m);
        if !found.is_empty() {
            let times = format!("after.{}.coordinator_found_times.{name}", after.label);
            m.insert(times, found.len() as f64);
        }
        let lost = told(|what| *what == ConsumerFact::CoordinatorLost);
        after.put("coordinator_lost_ms", name, lost.first().copied(), m);
    }

    fn ledger(&self, world: &mut Run, m: &mut Measures) {
        let end = self.end;
        let mut produced = 0;
        for log in &world.logs.partitions {
            produced += log.end(end, &mut world.logs.producers);
        }
        m.insert("produced".to_owned(), produced as f64);
        for group in self.groups() {
            let mut seen: BTreeMap<PartitionId, RangeSet> = BTreeMap::new();
            let (mut total, mut again) = (0, 0);
            for (consumer, p) in &self.watch.records {
                if self.watch.consumers[consumer.index()].group == group {
                    total += p.to - p.from;
                    again += seen.entry(p.partition).or_default().insert(p.from, p.to);
                }
            }
            let committed = self.committed(group, end);
            let (mut never, mut lag, mut unread) = (0, 0, 0);
            for &partition in &world.group_partitions[group.index()] {
                let log = &world.logs.partitions[partition.index()];
                let end = log.visible_end(end, &mut world.logs.producers);
                never += end - seen.get(&partition).map_or(0, RangeSet::len).min(end);
                unread += u32::from(!seen.contains_key(&partition));
                lag += end.saturating_sub(committed.get(&partition).copied().unwrap_or(0));
            }
            let pre = self.prefix(group);
            m.insert(format!("{pre}processed"), total as f64);
            m.insert(format!("{pre}duplicates"), again as f64);
            m.insert(format!("{pre}never_processed"), never as f64);
            m.insert(format!("{pre}lag_at_end"), lag as f64);
            if unread > 0 {
                m.insert(format!("{pre}partitions_never_read"), f64::from(unread));
            }
        }
    }

    /// What a group had committed at a moment.
    fn committed(&self, group: GroupId, at: Instant) -> BTreeMap<PartitionId, u64> {
        let ours = |id: ConsumerId| self.watch.consumers[id.index()].group == group;
        let commits = self.watch.commits.iter().filter(|(then, id, ..)| *then <= at && ours(*id));
        commits.map(|(_, _, partition, offset)| (*partition, *offset)).collect()
    }

    fn memberships(&self, m: &mut Measures) {
        for group in self.groups() {
            let pre = self.prefix(group);
            let ours = || self.consumers().filter(|(.., of)| *of == group).map(|(id, ..)| id);
            let count = |wanted: &dyn Fn(ConsumerId, &ConsumerFact) -> bool| {
                let end = s(self.end);
                let counts = |at: f64, id, what| at < end && wanted(id, what);
                let of = |id| self.facts_of(id).filter(|(at, what)| counts(*at, id, what)).count();
                ours().map(of).sum::<usize>() as f64
            };
            let mut put = |what: &str, value: f64| m.insert(format!("{pre}{what}"), value);
            if self.is_modern(group) {
                const BEAT: &[Api] = &[Api::ConsumerGroupHeartbeat];
                let epochs = ours().flat_map(|id| self.answers_of(id, BEAT));
                let last = epochs.filter_map(|(_, answer)| answer.epoch).filter(|&e| e > 0).max();
                last.map(|epoch| put("last_member_epoch", f64::from(epoch)));
            } else {
                let generation = |what: &ConsumerFact| match what {
                    ConsumerFact::Assigned { generation, .. } => Some(*generation),
                    _ => None,
                };
                let of = |id| self.facts_of(id).filter_map(|(_, what)| generation(what));
                let generations: BTreeSet<i32> = ours().flat_map(of).collect();
                if let Some(last) = generations.last() {
                    put("generations", generations.len() as f64);
                    put("last_generation", f64::from(*last));
                }
            }
            let revoked = |_, what: &ConsumerFact| matches!(what, ConsumerFact::Revoked(partitions) if !partitions.is_empty());
            put("revoked_callbacks_nonempty", count(&revoked));
            let lost = |_, what: &ConsumerFact| matches!(what, ConsumerFact::Lost(partitions) if !partitions.is_empty());
            put("lost_callbacks_nonempty", count(&lost));
            put("commits_failed", count(&|id, what| self.throws(id, what)));
            let started = |id: &ConsumerId| {
                self.facts_of(*id).any(|(_, what)| *what == ConsumerFact::Started)
            };
            let idle = ours().filter(started).filter(|&id| self.records_of(id).is_empty());
            put("consumers_without_records", idle.count() as f64);
        }
    }
}

impl After<'_> {
    fn holds(&self, at: f64) -> bool {
        self.from <= at && at < self.to
    }

    fn put(&self, what: &str, name: &str, seconds: Option<f64>, m: &mut Measures) {
        if let Some(seconds) = seconds {
            m.insert(format!("after.{}.{what}.{name}", self.label), seconds * 1000.0);
        }
    }
}

fn api_name(api: Api) -> &'static str {
    match api {
        Api::FindCoordinator => "FIND_COORDINATOR",
        Api::JoinGroup => "JOIN_GROUP",
        Api::SyncGroup => "SYNC_GROUP",
        Api::Heartbeat => "HEARTBEAT",
        Api::ConsumerGroupHeartbeat => "CONSUMER_GROUP_HEARTBEAT",
        Api::OffsetCommit => "OFFSET_COMMIT",
    }
}
