//! Subscriptions by regular expression (kafka-semantics 4.8): matched against all topics in the
//! background, all of a group at once, so that one rebalance serves them all.

use super::group::{ConsumerGroup, Resolved};
use super::heartbeat::{Heartbeat, Surroundings};
use super::member::Member;
use super::outcome::Outcome;
use super::record;
use crate::coordinator::modern::refresh::Refresh;
use crate::kernel::java_map::JavaMap;
use crate::model::Name;
use crate::model::error::ErrorCode;
use regex_lite::Regex;

/// A group does not resolve its expressions again within this time (ms).
const MIN_INTERVAL_MS: i64 = 10_000;

/// What a heartbeat did to the member's regular expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RegexChange {
    /// Nothing.
    None,
    /// It is another one, not resolved yet. Nothing is assigned for it before it is.
    Unresolved,
    /// It is another one that is resolved, or there is none any more.
    Resolved,
}

impl Heartbeat<'_> {
    /// Takes a changed expression in, and asks for a resolution if one is needed.
    pub(super) fn update_regexes(
        &self,
        before: &Member,
        updated: &Member,
        out: &mut Outcome,
    ) -> Result<RegexChange, ErrorCode> {
        let group = self.group;
        let mut change = RegexChange::None;
        let mut refresh = false;
        if before.regex != updated.regex {
            change = RegexChange::Unresolved;
            if let Some(old) = before.regex().filter(|old| group.regex_users(old) == 1) {
                out.records.push(record::no_regex(&group.id, old));
            }
            match updated.regex() {
                Some(new) if group.regex_users(new) == 0 => {
                    compile(new).ok_or(ErrorCode::InvalidRegularExpression)?;
                    refresh = true;
                }
                Some(new) if group.resolved.contains_key(new) => change = RegexChange::Resolved,
                Some(_) => {}
                None => change = RegexChange::Resolved,
            }
        }
        if refresh || !group.regexes.is_empty() {
            self.maybe_resolve(before, updated, refresh, out);
        }
        Ok(change)
    }

    fn maybe_resolve(&self, before: &Member, updated: &Member, refresh: bool, out: &mut Outcome) {
        let around = &self.around;
        let last = self.group.resolved.values().next();
        let recent = |last: &Resolved| around.now_ms <= last.timestamp_ms + MIN_INTERVAL_MS;
        if around.resolving || last.is_some_and(|last| recent(last)) {
            return;
        }
        let interval_ms = around.config.consumer_regex_refresh_interval_ms;
        let old = |last: &Resolved| around.now_ms > last.timestamp_ms + interval_ms;
        let regexes = self.regexes_with(before, updated);
        let needed = refresh
            || regexes.len() != self.group.resolved.len()
            || last.map_or(0, |last| last.version) < around.new_topics_version
            || last.is_none_or(|last| old(last));
        if needed && !regexes.is_empty() {
            // Kafka puts them into a map, and its results into another one.
            let mut results: JavaMap<Name, ()> = JavaMap::with_capacity(regexes.len());
            regexes.keys().for_each(|regex| _ = results.put(regex.clone(), ()));
            let mut records: JavaMap<Name, ()> = JavaMap::with_capacity(regexes.len());
            results.keys().for_each(|regex| _ = records.put(regex.clone(), ()));
            out.resolve = Some(records.keys().cloned().collect());
        }
    }

    /// How many members use each regular expression when the member is as updated.
    pub(super) fn regexes_with(&self, before: &Member, updated: &Member) -> JavaMap<Name, usize> {
        let used = &self.group.regexes;
        let mut regexes = JavaMap::with_capacity(used.len() * 4 / 3 + 1);
        used.iter().for_each(|(regex, &count)| _ = regexes.put(regex.clone(), count));
        if let Some(regex) = before.regex()
            && let Some(count) = regexes.get_mut(regex)
        {
            *count -= 1;
            if *count == 0 {
                regexes.remove(regex);
            }
        }
        if let Some(regex) = updated.regex() {
            *regexes.compute_if_absent(regex.clone(), || 0) += 1;
        }
        regexes
    }
}

/// Matches the expressions against all topics, and enters a new epoch if that changes what the
/// group subscribes to (`GroupMetadataManager.handleRegularExpressionsResult`).
pub(super) fn resolve(
    group: &ConsumerGroup,
    regexes: &[Name],
    around: &Surroundings,
    out: &mut Outcome,
) {
    let mut counts = group.counts.clone();
    let mut bump = false;
    for regex in regexes.iter().filter(|regex| group.regex_users(regex) > 0) {
        let mut topics: Vec<Name> = compile(regex).map_or_else(Vec::new, |pattern| {
            let names = around.image.topics().iter().map(|topic| &topic.name);
            names.filter(|name| pattern.is_match(name)).cloned().collect()
        });
        topics.sort_unstable();
        let before = group.resolved.get(regex).map(|resolved| resolved.topics.clone());
        let before = before.unwrap_or_default();
        if *before != *topics {
            bump = true;
            counts.count_regex(before.iter(), false);
            counts.count_regex(&topics, true);
        }
        let (version, timestamp_ms) = (around.image.version(), around.now_ms);
        let resolved = Resolved { topics: topics.into(), version, timestamp_ms };
        out.records.push(record::regex(&group.id, regex, &resolved));
    }
    let hash = around.image.hash_of(counts.topics());
    if bump || hash != group.metadata_hash {
        let epoch = group.epoch + 1;
        out.records.push(record::epoch(&group.id, epoch, hash));
        out.refreshed = Some(Refresh::after(around.now_ms, epoch));
    }
}

/// The expression (RE2), to be matched against whole names; `None`: it is none.
fn compile(regex: &str) -> Option<Regex> {
    Regex::new(regex).ok()?;
    Regex::new(&format!(r"\A(?:{regex})\z")).ok()
}
