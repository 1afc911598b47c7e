//! Which exact histories somebody will ask for: keeping all of them would cost memory by the poll.

use crate::model::id::GroupId;
use crate::scenario::Scenario;
use crate::scenario::metric::Metric;

/// What to keep of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Wanted {
    /// Every change of a committed offset, and before the first one every change of a position.
    pub commits: bool,
    /// Every change of a position.
    pub positions: bool,
    /// Every batch processed.
    pub progress: bool,
}

impl Wanted {
    /// What to keep of each group of a scenario.
    pub(super) fn new(scenario: &Scenario) -> Vec<Wanted> {
        let of = |index: usize| {
            let group = GroupId::new(index);
            let mut wanted = Wanted {
                // Recovery is told by the lag after each event.
                commits: !scenario.events.is_empty(),
                ..Wanted::default()
            };
            for expect in &scenario.expects {
                if expect.scope.group.is_some_and(|other| other != group) {
                    continue;
                }
                match expect.metric {
                    Metric::Lag | Metric::CommittedOffset => wanted.commits = true,
                    Metric::Position => wanted.positions = true,
                    Metric::PositionLag => {
                        wanted.commits = true;
                        wanted.positions = true;
                    }
                    Metric::Processed
                    | Metric::Duplicates
                    | Metric::Waiting
                    | Metric::Throughput => {
                        // The ledger knows the whole run.
                        wanted.progress |= !expect.window.is_whole(scenario.duration);
                    }
                    Metric::Latency => wanted.progress = true,
                    _ => {}
                }
            }
            wanted
        };
        (0..scenario.groups.len()).map(of).collect()
    }
}
