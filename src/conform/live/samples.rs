//! Lag, looked at regularly (family o).

use super::measures::{Measures, Seen, s};
use crate::kernel::time::Instant;
use crate::model::id::{GroupId, PartitionId};
use crate::world::Run;
use std::collections::BTreeMap;

/// A look at a group.
struct Point {
    at: f64,
    lag: f64,
    end: f64,
}

impl Seen<'_> {
    /// Lag as a regular look at the group would have seen it.
    pub(super) fn samples(&self, world: &mut Run, m: &mut Measures) {
        for sample in &self.experiment.setup.sample {
            let group = self.scenario.groups.iter().position(|group| group.name == sample.group);
            let (Some(group), Some(every)) = (group, sample.every.seconds()) else { continue };
            let points = self.points(world, GroupId::new(group), every);
            for (index, (from, to)) in sample.slopes.iter().enumerate() {
                let (Some(from), Some(to)) = (from.seconds(), to.seconds()) else { continue };
                let within: Vec<&Point> =
                    points.iter().filter(|p| from <= p.at && p.at <= to).collect();
                let ([first, .., last], true) = (&within[..], within.len() > 2) else { continue };
                let span = last.at - first.at;
                let done = |p: &Point| p.end - p.lag;
                m.insert(format!("lag_slope_per_s.{index}"), (last.lag - first.lag) / span);
                let rate = (done(last) - done(first)) / span;
                m.insert(format!("committed_rate_per_s.{index}"), rate);
            }
            let most = points.iter().map(|p| p.lag).fold(0.0, f64::max);
            m.insert("lag_max_sampled".to_owned(), most);
            let top = points.iter().position(|p| p.lag >= most).unwrap_or(0);
            let drained = sample.drained_at.unwrap_or(50) as f64;
            if let Some(point) = points[top..].iter().find(|p| p.lag <= drained) {
                m.insert("lag_drained_at_s".to_owned(), point.at);
            }
        }
    }

    fn points(&self, world: &mut Run, group: GroupId, every: f64) -> Vec<Point> {
        let partitions = world.group_partitions[group.index()].clone();
        let mut committed: BTreeMap<PartitionId, u64> = BTreeMap::new();
        let mut commits = self.watch.commits.iter().peekable();
        let steps = (s(self.end) / every) as u64;
        let mut points = Vec::new();
        for step in 0..=steps {
            let at = Instant::from_us((step as f64 * every * 1e6) as u64);
            while let Some((_, _, partition, offset)) = commits.next_if(|(then, ..)| *then <= at) {
                committed.insert(*partition, *offset);
            }
            let (mut end, mut lag) = (0, 0);
            for partition in &partitions {
                let log = &world.logs.partitions[partition.index()];
                let here = log.visible_end(at, &mut world.logs.producers);
                end += here;
                lag += here.saturating_sub(committed.get(partition).copied().unwrap_or(0));
            }
            points.push(Point { at: s(at), lag: lag as f64, end: end as f64 });
        }
        points
    }
}
