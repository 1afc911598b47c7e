//! When an assignment is as balanced as subscriptions allow.

use super::super::super::AssignError;
use super::General;

impl General<'_> {
    /// Whether no member could take a partition from one that has two more.
    ///
    /// A pair found once is looked at first: it mostly stays good for many moves.
    pub(super) fn is_balanced(&mut self) -> Result<bool, AssignError> {
        let (least, most) = self.lineup.extremes().ok_or(AssignError::NoSuchElement)?;
        if least + 1 >= most {
            return Ok(true);
        }
        if let Some(walk) = &self.doubled {
            return Ok(walk.is_balanced(self));
        }
        let helps = |&(member, partition): &(u32, u32)| {
            let size = self.lists[member as usize].len();
            let class = self.frame.class_of[member as usize] as usize;
            let owner = self.owners[partition as usize];
            size != self.full[class] && size + 1 < self.lists[owner as usize].len()
        };
        if self.remedy.as_ref().is_some_and(helps) {
            return Ok(false);
        }
        self.remedy = self.find_remedy(most);
        Ok(self.remedy.is_none())
    }

    /// A member that has not all it could get, and a partition of an owner that has two more.
    fn find_remedy(&self, most: usize) -> Option<(u32, u32)> {
        // Per topic the partition of the largest owner.
        let largest: Vec<(usize, u32)> = (0..)
            .zip(&self.frame.first)
            .map(|(topic, &first): (usize, &u32)| {
                let partitions = first..first + self.frame.topics[topic].partitions;
                let size = |p: u32| self.lists[self.owners[p as usize] as usize].len();
                partitions.map(|p| (size(p), p)).max().unwrap_or_default()
            })
            .collect();
        self.lineup.kinds.iter().find_map(|kind| {
            let topics = &self.frame.classes[kind.class as usize].topics;
            if topics.is_empty() {
                return None;
            }
            let member = self.lineup.first_unlike(kind, self.full[kind.class as usize])?;
            let size = self.lists[member as usize].len();
            if size + 1 >= most {
                return None;
            }
            let found = topics.iter().map(|&t| largest[t as usize]).max()?;
            (size + 1 < found.0).then_some((member, found.1))
        })
    }

    /// The sum of differences between the list sizes of all pairs that take part. Kafka counts in
    /// 32 bits and wraps.
    pub(super) fn score(&self) -> i32 {
        let taking_part = self.lists.iter().zip(&self.takes_part).filter(|(_, takes)| **takes);
        let mut sizes: Vec<usize> = taking_part.map(|(list, _)| list.len()).collect();
        sizes.sort_unstable();
        let (mut sum, mut score) = (0, 0_usize);
        for (smaller, size) in sizes.into_iter().enumerate() {
            score += size * smaller - sum;
            sum += size;
        }
        (score as u32).cast_signed()
    }
}
