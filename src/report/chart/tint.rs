//! Which colour a partition has, the same in every chart of a run.

use super::palette::{Color, DISTINCT, eighth, of};
use super::sheet::{Key, Swatch};
use crate::model::id::{GroupId, PartitionId};
use crate::report::names::Names;
use crate::world::Run;
use std::collections::BTreeMap;

/// The colours of a run's partitions.
pub(super) struct Tints<'a> {
    /// Partitions by group.
    groups: &'a [Vec<PartitionId>],
    /// By group: its partitions with their rank.
    ranks: Vec<BTreeMap<PartitionId, usize>>,
    /// Among how many.
    count: usize,
}

impl<'a> Tints<'a> {
    /// Partitions of all groups get colours of their own if there are enough, else those of each
    /// group do.
    pub(super) fn new(run: &'a Run) -> Self {
        let groups = &run.group_partitions;
        let mut all: Vec<PartitionId> = groups.iter().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        let rank = |of: &Vec<PartitionId>| {
            of.iter().enumerate().map(|(rank, &partition)| (partition, rank)).collect()
        };
        let (ranks, count) = if all.len() <= DISTINCT {
            (vec![rank(&all); groups.len()], all.len())
        } else {
            (groups.iter().map(rank).collect(), groups.iter().map(Vec::len).max().unwrap_or(0))
        };
        Tints { groups, ranks, count }
    }

    /// The colour of a partition.
    pub(super) fn color(&self, group: GroupId, partition: PartitionId) -> Color {
        of(self.ranks[group.index()][&partition], self.count)
    }

    /// What the colours mean.
    pub(super) fn keys(&self, names: Names<'_>, swatch: fn(Color) -> Swatch) -> Vec<Key> {
        if self.count > DISTINCT {
            return self.row(swatch);
        }
        let mut keys: Vec<Key> = Vec::new();
        for (group, partitions) in self.groups.iter().enumerate() {
            for &partition in partitions {
                let color = swatch(self.color(GroupId::new(group), partition));
                let name = names.partition(partition);
                match keys.iter_mut().find(|key| key.swatch == color) {
                    Some(key) if key.text.split(" / ").any(|text| text == name) => {}
                    Some(key) => key.text = format!("{} / {name}", key.text),
                    None => keys.push(Key { swatch: color, text: name }),
                }
            }
        }
        keys
    }

    /// Too many to name: from the first to the last.
    fn row(&self, swatch: fn(Color) -> Swatch) -> Vec<Key> {
        let last = eighth(self.count - 1, self.count);
        let one = |step: usize| {
            let text = match step {
                0 => "first partition",
                step if step == last => "last partition",
                _ => "",
            };
            let rank = (step * self.count).div_ceil(last + 1);
            Key { swatch: swatch(of(rank, self.count)), text: text.to_owned() }
        };
        (0..=last).map(one).collect()
    }
}
