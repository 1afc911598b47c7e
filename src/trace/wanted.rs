//! Which exact histories somebody will ask for: keeping all of them would cost memory by the poll.

use crate::model::id::GroupId;
use crate::scenario::Scenario;
use crate::scenario::expect::Window;
use crate::scenario::metric::Metric;

/// What to keep of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Wanted {
    /// Every change of a committed offset.
    pub commits: bool,
    /// Every batch processed.
    pub progress: bool,
    /// How long each record took from production to the end of its processing.
    pub latency: bool,
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
                let within = matches!(expect.window, Window::At(_))
                    || matches!(expect.window, Window::Over { .. });
                match expect.metric {
                    // Before the first commit lag is told by the position.
                    Metric::Lag => {
                        wanted.commits = true;
                        wanted.progress = true;
                    }
                    Metric::CommittedOffset => wanted.commits = true,
                    Metric::PositionLag
                    | Metric::Position
                    | Metric::Processed
                    | Metric::Duplicates
                    | Metric::Waiting
                    | Metric::Throughput => wanted.progress |= within,
                    Metric::Latency => wanted.latency = true,
                    _ => {}
                }
            }
            wanted
        };
        (0..scenario.groups.len()).map(of).collect()
    }
}
