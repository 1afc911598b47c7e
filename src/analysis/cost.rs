//! What a run will cost, guessed from the scenario alone.

use crate::scenario::Scenario;
use crate::scenario::group::{Group, Subscription};

/// About how many fetches the consumers of a scenario will make: what a run costs grows with them.
///
/// A consumer fetches from each broker again as soon as it has its answer. An answer that waits for
/// data leaves with the first record that comes; one that may not wait leaves at once.
pub fn fetches(scenario: &Scenario) -> u64 {
    let seconds = scenario.duration.as_secs_f64();
    let round_trip = 2.0 * scenario.cluster.latency.mean() / 1e6;
    let longest = (scenario.resolution.as_secs_f64() / 2.0).max(round_trip).max(1e-5);
    let of = |group: &Group| {
        let topics: Vec<usize> = match &group.subscription {
            Subscription::Topics(topics) => topics.iter().map(|topic| topic.index()).collect(),
            Subscription::Pattern(_) | Subscription::BrokerPattern(_) => {
                (0..scenario.topics.len()).collect()
            }
        };
        let partitions: usize = topics.iter().map(|&t| scenario.topics[t].partitions()).sum();
        let brokers = scenario.cluster.racks.len().min(partitions);
        let fetchers = (group.consumers.len().min(partitions) * brokers) as f64;
        let producers = scenario.producers.iter().filter(|p| topics.contains(&p.topic.index()));
        let rate = |step: &crate::model::workload::RateStep| step.rate.as_per_second_f64();
        let peak: f64 =
            producers.map(|p| p.profile.iter().map(rate).fold(0.0, f64::max)).sum::<f64>();
        if fetchers < 1.0 || peak <= 0.0 {
            return 0.0;
        }
        let waits = !group.template.config.fetch_max_wait.is_zero();
        let gap = if waits { (fetchers / peak).max(longest) } else { round_trip.max(1e-5) };
        fetchers / gap * seconds
    };
    scenario.groups.iter().map(of).sum::<f64>() as u64
}
