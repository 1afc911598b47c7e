//! How many subscribe to each topic (`SubscriptionCount`).

use crate::assignor::server::SubscriptionType;
use crate::model::Name;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who subscribes to a topic.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::coordinator) struct Subscribers {
    /// Members that name it.
    pub by_name: usize,
    /// Regular expressions of the group that match it.
    pub by_regex: usize,
}

/// Subscribers of each topic that has any, whether it exists or not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::coordinator) struct TopicCounts(BTreeMap<Name, Subscribers>);

impl TopicCounts {
    /// The topics, sorted.
    pub(in crate::coordinator) fn topics(&self) -> impl Iterator<Item = &Name> {
        self.0.keys()
    }

    /// Whether anybody subscribes to the topic.
    pub(in crate::coordinator) fn contains(&self, topic: &str) -> bool {
        self.0.contains_key(topic)
    }

    /// A member names these topics, or no longer does. A name that stands twice counts once.
    pub(in crate::coordinator) fn count_names(&mut self, topics: &Arc<[Name]>, more: bool) {
        for topic in distinct(topics) {
            self.change(topic, |count| &mut count.by_name, more);
        }
    }

    /// A regular expression matches these topics, or no longer does.
    pub(in crate::coordinator) fn count_regex<'a>(
        &mut self,
        topics: impl IntoIterator<Item = &'a Name>,
        more: bool,
    ) {
        for topic in topics {
            self.change(topic, |count| &mut count.by_regex, more);
        }
    }

    fn change(&mut self, topic: &Name, which: impl Fn(&mut Subscribers) -> &mut usize, more: bool) {
        if more {
            *which(self.0.entry(topic.clone()).or_default()) += 1;
        } else if let Some(count) = self.0.get_mut(topic) {
            let number = which(count);
            *number = number.saturating_sub(1);
            if *count == Subscribers::default() {
                self.0.remove(topic);
            }
        }
    }

    /// How the subscriptions of `members` members relate that have `regexes` different regular
    /// expressions, the first of them used by `first` of them (`ConsumerGroup.subscriptionType`).
    pub(in crate::coordinator) fn subscription_type(
        &self,
        members: usize,
        first_regex: Option<usize>,
    ) -> SubscriptionType {
        let same = match first_regex {
            None => self.0.values().all(|count| count.by_name == members),
            Some(users) => {
                users == members
                    && self.0.values().all(|count| count.by_regex == 1 && count.by_name == 0)
            }
        };
        if same { SubscriptionType::Homogeneous } else { SubscriptionType::Heterogeneous }
    }
}

/// The names of a list, each once. Lists are short or have no name twice.
fn distinct(names: &Arc<[Name]>) -> impl Iterator<Item = &Name> {
    let sorted = names.is_sorted_by(|a, b| a < b);
    let set = if sorted { None } else { Some(names.iter().collect::<BTreeSet<_>>()) };
    let listed = if sorted { Some(names.iter()) } else { None };
    listed.into_iter().flatten().chain(set.into_iter().flatten())
}

/// Whether two lists name the same topics.
pub(in crate::coordinator) fn is_same_set(a: &[Name], b: &[Name]) -> bool {
    a == b || a.iter().collect::<BTreeSet<_>>() == b.iter().collect::<BTreeSet<_>>()
}
