//! Plays the inputs of a dialogue on a coordinator of ours, and notes what it does.

use super::dialogue::{Observation, Observed};
use super::log::Log;
use super::request::{default_version, request};
use super::script::{Script, Step, Topic};
use super::settings::{group_config, number};
use super::topics::Topics;
use crate::coordinator::config::{CoordinatorConfig, MigrationPolicy};
use crate::coordinator::effect::Effect;
use crate::coordinator::load::Unreadable;
use crate::coordinator::serving::Serving;
use crate::coordinator::shard::Shard;
use crate::coordinator::snapshot::GroupSnapshot;
use crate::kernel::time::{Instant, Span};
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::message::{Request, RequestContext};
use crate::model::record::Record;
use crate::model::uuid::Uuid;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// An input or a setting that this build does not know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Unsupported(pub String);

/// A coordinator with its log, its clock and the ids that it gives out.
pub(super) struct Player {
    shard: Shard,
    now: Instant,
    topics: Topics,
    uuids: VecDeque<Uuid>,
    /// How the next writes fail, and how many.
    failing: Option<(ErrorCode, u64)>,
    /// How long the high watermark lags behind.
    commit_delay: Span,
    /// Log ends on their way to be committed.
    commits: VecDeque<(Instant, u64)>,
    log: Log,
    /// Readings of the log on their way: when each ends, and which one it is.
    loading: Vec<(Instant, u64)>,
    /// How often the broker has begun to read the log, each time into a new coordinator.
    term: u64,
    /// How long a reading takes.
    load_time: Span,
    /// Whether the log has been compacted.
    compact: bool,
    watch: bool,
    records: bool,
    states: BTreeMap<Name, GroupSnapshot>,
    observed: Vec<Observation>,
}

impl Player {
    pub(super) fn new(script: &Script) -> Result<Self, Unsupported> {
        let (config, commit_delay) = settings(script)?;
        let uuid = |text: &String| {
            Uuid::from_hyphenated(text).ok_or_else(|| Unsupported(format!("the UUID {text}")))
        };
        let mut player = Player {
            shard: Shard::new(config),
            now: Instant::ZERO,
            topics: Topics::default(),
            uuids: script.uuids.iter().map(uuid).collect::<Result<_, _>>()?,
            failing: None,
            commit_delay,
            commits: VecDeque::new(),
            log: Log::default(),
            loading: Vec::new(),
            term: 0,
            load_time: Span::ZERO,
            compact: false,
            watch: script.watch,
            records: script.records,
            states: BTreeMap::new(),
            observed: Vec::new(),
        };
        for (group, settings) in &script.group_configs {
            player.shard.update_group_config(group, group_config(settings)?);
        }
        player.set_topics(&script.topics);
        player.shard.start(player.now);
        Ok(player)
    }

    /// The broker's metadata has these topics from now on.
    fn set_topics(&mut self, topics: &[Topic]) {
        self.topics.set(topics);
        let mut out = Vec::new();
        self.shard.update_topics(self.now, self.topics.image(), &mut out);
        self.perform(out);
    }

    /// A group as it is now.
    pub(super) fn snapshot(&self, group: &Name) -> GroupSnapshot {
        self.shard.snapshot(group)
    }

    pub(super) fn take_observations(&mut self) -> Vec<Observation> {
        std::mem::take(&mut self.observed)
    }

    fn observe(&mut self, what: Observed) {
        self.observed.push(Observation { t: self.now.as_ms(), what });
    }

    /// Does what an input asks, at its time.
    pub(super) fn run(&mut self, step: &Step) -> Result<(), Unsupported> {
        self.now = Instant::from_ms(step.t);
        let op = step.r#do.as_deref().unwrap_or_default();
        match op {
            "Advance" => {}
            "Topics" => self.set_topics(&step.topics),
            "GroupConfig" => {
                let config = group_config(&step.configs)?;
                self.shard.update_group_config(&step.group, config);
            }
            "Resign" => {
                let mut out = Vec::new();
                self.shard.unload(self.now, &mut out);
                self.perform(out);
            }
            "Elect" => self.elect(step),
            "AppendError" => {
                self.failing = step.error.map(|code| (code, step.count.unwrap_or(1)));
            }
            "State" => {
                // What the harness shows while nobody serves is left over in its memory.
                let groups = match self.shard.serving() {
                    Serving::Active => &*step.groups,
                    Serving::Loading | Serving::Unloaded => &[],
                };
                let groups = groups.iter().map(|group| self.shard.snapshot(group)).collect();
                self.observe(Observed::Snapshots { to: step.n, groups });
            }
            _ => {
                let request = self.complete(request(op, step)?);
                let from = if step.from.is_empty() { "client".into() } else { step.from.clone() };
                let client = RequestContext {
                    api_version: step.v.unwrap_or(default_version(op)),
                    client_id: step.client_id.clone().unwrap_or(from),
                    client_host: "/127.0.0.1".into(),
                };
                let mut out = Vec::new();
                let uuids = &mut self.uuids;
                // Whoever draws more ids than Kafka did shows it in what it does with them.
                let mut next = || uuids.pop_front().unwrap_or_default();
                self.shard.handle(self.now, step.n, &client, request, &mut next, &mut out);
                self.perform(out);
            }
        }
        self.settle();
        Ok(())
    }

    /// Adds what a broker's request layer adds: the ids of the topics named.
    fn complete(&self, mut request: Request) -> Request {
        if let Request::OffsetCommit(commit) = &mut request {
            for topic in commit.topics.iter_mut().filter(|topic| topic.topic_id == Uuid::ZERO) {
                topic.topic_id = self.topics.id_of(&topic.name).unwrap_or_default();
            }
        }
        request
    }

    /// Does what the coordinator asks for.
    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Reply { ticket, response } => {
                    self.observe(Observed::Reply { to: ticket, response: Box::new(response) });
                }
                Effect::Append { records } => self.append(records),
                Effect::Note(_) => {}
            }
        }
    }

    fn append(&mut self, records: Vec<Record>) {
        let mut out = Vec::new();
        if let Some((code, left)) = self.failing {
            self.failing = (left > 1).then_some((code, left - 1));
            self.shard.appended(self.now, Err(code), &mut out);
            return self.perform(out);
        }
        self.log.append(&records);
        let end = self.log.end();
        if self.records {
            self.observe(Observed::Records(records));
        }
        self.commits.push_back((self.now + self.commit_delay, end));
        self.shard.appended(self.now, Ok(end), &mut out);
        if self.shard.serving() == Serving::Loading {
            self.read_log();
        }
        self.perform(out);
    }

    /// Ends an input: its records may be committed at once, its timers may have no delay.
    fn settle(&mut self) {
        self.load_due();
        self.commit_due();
        while self.end_timer() {}
        self.watch_states();
    }

    /// Ends the next timer that is due; whether there was one.
    fn end_timer(&mut self) -> bool {
        let mut out = Vec::new();
        let ended = self.shard.on_timer(self.now, &mut out);
        self.perform(out);
        self.commit_due();
        ended
    }

    /// The broker leads the partition, and reads its log unless it has done so.
    fn elect(&mut self, step: &Step) {
        (self.compact, self.load_time) = (step.compact, Span::from_ms(step.load_ms));
        if self.shard.serving() == Serving::Unloaded {
            self.shard.begin_loading();
            self.read_log();
        }
    }

    /// Begins to read the log into a new coordinator.
    fn read_log(&mut self) {
        self.term += 1;
        self.loading.push((self.now + self.load_time, self.term));
    }

    /// Ends readings of the log that are due.
    ///
    /// A reading goes into the coordinator that it was begun for. Whichever ends first lets the
    /// present one serve, though it may have read nothing yet; what it reads later comes on top
    /// (`CoordinatorRuntime.CoordinatorContext.load`: no epoch is looked at).
    fn load_due(&mut self) {
        let (now, mut out) = (self.now, Vec::new());
        for (_, term) in self.loading.extract_if(.., |(at, _)| *at <= now).collect::<Vec<_>>() {
            let (records, end) = (self.log.read(self.compact), self.log.end());
            let read = if term == self.term && self.shard.serving() != Serving::Unloaded {
                self.shard.read(now, records, end)
            } else {
                self.shard.successor().read(now, records, end)
            };
            if self.shard.serving() == Serving::Loading {
                match read {
                    Ok(()) => self.shard.begin_to_serve(now, &mut out),
                    Err(Unreadable) => self.shard.unload(now, &mut out),
                }
            }
        }
        self.perform(out);
    }

    fn commit_due(&mut self) {
        while let Some((_, end)) = self.commits.pop_front_if(|(at, _)| *at <= self.now) {
            let mut out = Vec::new();
            self.shard.committed(self.now, end, &mut out);
            self.perform(out);
        }
    }

    /// Lets time pass up to the next input (ms), everything at its own moment.
    pub(super) fn advance(&mut self, to: Option<u64>) {
        let Some(to) = to.map(Instant::from_ms) else { return };
        loop {
            let commit = self.commits.front().map(|(at, _)| *at);
            let load = self.loading.iter().map(|(at, _)| *at);
            let next = self.shard.next_deadline().into_iter().chain(commit).chain(load).min();
            match next.filter(|&next| next <= to) {
                Some(next) => self.now = next,
                None => return,
            }
            self.load_due();
            self.commit_due();
            self.end_timer();
            self.watch_states();
        }
    }

    fn watch_states(&mut self) {
        if !self.watch {
            return;
        }
        let mut groups: BTreeSet<Name> = self.shard.group_ids().into_iter().collect();
        groups.extend(self.states.keys().cloned());
        for group in groups {
            let state = self.shard.snapshot(&group);
            if self.states.get(&group) != Some(&state) {
                self.states.insert(group, state.clone());
                self.observe(Observed::State(state));
            }
        }
    }
}

/// The coordinator's settings, and how long the high watermark lags behind.
fn settings(script: &Script) -> Result<(CoordinatorConfig, Span), Unsupported> {
    let mut config = CoordinatorConfig { epoch_ms: script.clock, ..CoordinatorConfig::default() };
    let mut commit_delay = Span::ZERO;
    for (key, value) in &script.config {
        if key == "group.consumer.migration.policy" {
            let policy = value.as_str().and_then(MigrationPolicy::by_name);
            config.migration_policy =
                policy.ok_or_else(|| Unsupported(format!("{key} = {value}")))?;
            continue;
        }
        if key == "group.consumer.assignors" {
            let names = value.as_str().ok_or_else(|| Unsupported(format!("{key} = {value}")))?;
            config.consumer_assignors = names.split(',').map(Name::from).collect();
            continue;
        }
        let number = number(key, value)?;
        match key.as_str() {
            "group.initial.rebalance.delay.ms" => {
                config.initial_rebalance_delay = Span::from_ms(number);
            }
            "offset.metadata.max.bytes" => config.offset_metadata_max_bytes = number as usize,
            "offsets.retention.minutes" => {
                config.offsets_retention_ms = number.cast_signed().saturating_mul(60_000);
            }
            "offsets.retention.check.interval.ms" => {
                config.offsets_retention_check_interval = Span::from_ms(number);
            }
            "group.max.size" => config.group_max_size = number as usize,
            "group.consumer.max.size" => config.consumer_group_max_size = number as usize,
            "group.consumer.assignment.interval.ms" => {
                config.consumer.assignment_interval_ms = number as i32;
            }
            "group.share.max.size" => config.share_group_max_size = number as usize,
            "group.share.assignment.interval.ms" => {
                config.share.assignment_interval_ms = number as i32;
            }
            // A bound of what may be set, not a setting.
            "group.consumer.min.assignment.interval.ms"
            | "group.share.min.assignment.interval.ms" => {}
            "harness.commit.delay.ms" => commit_delay = Span::from_ms(number),
            _ => return Err(Unsupported(format!("the setting {key}"))),
        }
    }
    Ok((config, commit_delay))
}

#[cfg(test)]
mod tests;
