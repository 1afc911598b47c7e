//! `modified-best-fit`: as few members as keep up, with few moves.
//!
//! The algorithm MBF of Landau, Andrade and Barbosa ("Kafka Consumer Group Autoscaler", 2022,
//! arXiv:2206.11170): members are bins, partitions are items as large as their rates. Beginning
//! with the busiest member, each one's smallest partitions go to members that are in use already,
//! the fullest that has room; when they don't fit any more, the member itself comes into use and
//! keeps its largest ones while they fit. What is left over is packed by best fit, the largest
//! first. So mostly small partitions move, which keeps the R-score low: the sum of the moved
//! partitions' rates over a member's capacity.
//!
//! The paper's controller starts members as it needs them; here there are only those of the group.
//! What fits nowhere goes to whom it overloads least. The controller decides when to run the
//! algorithm; here everything stays in place unless partitions have no owner, or the algorithm
//! takes load off members beyond their capacity, or gets by with fewer members.

use super::super::frame::NONE;
use super::super::{Answer, AssignError, Assignor, Question, user_data};
use super::group::{Group, Owners};
use super::improve;
use super::lines::Lines;
use crate::model::consumer_protocol::TopicPartitions;
use std::cmp::Reverse;

/// Packs partitions by rate, or by number where no rates are told. Where no capacities are told, a
/// member is to carry an equal share.
pub(in crate::assignor) struct ModifiedBestFit;

impl Assignor for ModifiedBestFit {
    fn name(&self) -> &'static str {
        "modified-best-fit"
    }

    fn assign(&self, question: &Question) -> Result<Answer, AssignError> {
        let group = Group::new(question);
        let plan = Plan::new(&group);
        let had = group.had();
        let begin = if had.contains(&NONE) { plan.pack(&had) } else { had };
        let owners = improve(begin, |owners| plan.measure(owners), |owners| plan.pack(owners));
        Ok(group.answer(&owners))
    }

    fn user_data(&self, last: Option<(&[TopicPartitions], i32)>) -> Option<Vec<u8>> {
        last.map(|(partitions, generation)| user_data::sticky(partitions, generation))
    }
}

struct Plan<'a> {
    group: &'a Group<'a>,
    weights: Vec<u128>,
    capacities: Vec<u128>,
    /// The largest capacity among each topic's subscribers.
    largest: Vec<u128>,
}

/// Members that carry something and those that don't.
struct Bins {
    used: Lines,
    unused: Lines,
}

impl<'a> Plan<'a> {
    fn new(group: &'a Group) -> Self {
        let mut weights: Vec<u128> =
            group.loads.iter().map(|load| u128::from(load.rate.units())).collect();
        let are_told = weights.iter().any(|&weight| weight > 0);
        if !are_told {
            weights.fill(1);
        }
        let total: u128 = weights.iter().sum();
        let capacities: Vec<u128> = match group.capacities() {
            Some(capacities) if are_told => capacities.into_iter().map(u128::from).collect(),
            _ => {
                let speeds = group.speeds();
                let all: u128 = speeds.iter().sum();
                speeds.into_iter().map(|speed| (total * speed).div_ceil(all)).collect()
            }
        };
        let everybody = Lines::of_all(group, &capacities, vec![0; capacities.len()]);
        let largest = |topic| everybody.largest(topic).map_or(0, |(size, _)| size);
        let largest = (0..group.frame.topics.len() as u32).map(largest).collect();
        Plan { group, weights, capacities, largest }
    }

    fn weight(&self, partition: u32) -> u128 {
        self.weights[partition as usize]
    }

    fn topic(&self, partition: u32) -> u32 {
        self.group.partitions[partition as usize].0
    }

    /// (Load beyond capacities, members in use).
    fn measure(&self, owners: &Owners) -> (u128, usize) {
        let mut carried = vec![None; self.capacities.len()];
        for (partition, &owner) in (0..).zip(owners) {
            *carried[owner as usize].get_or_insert(0) += self.weight(partition);
        }
        let excess = |(carried, &capacity): (&Option<u128>, _)| {
            carried.unwrap_or(0).saturating_sub(capacity)
        };
        let excess = carried.iter().zip(&self.capacities).map(excess).sum();
        (excess, carried.iter().flatten().count())
    }

    fn pack(&self, had: &Owners) -> Owners {
        let members = self.capacities.len();
        let mut lists = vec![Vec::new(); members];
        let mut loads = vec![0; members];
        let mut left = Vec::new();
        for (partition, &owner) in (0..).zip(had) {
            if owner == NONE {
                left.push(partition);
            } else {
                lists[owner as usize].push(partition);
                loads[owner as usize] += self.weight(partition);
            }
        }
        let mut busiest: Vec<u32> = (0..members as u32).collect();
        busiest.retain(|&member| !lists[member as usize].is_empty());
        busiest.sort_by_key(|&member| Reverse(loads[member as usize]));

        let nothing = vec![0; members];
        let mut bins = Bins {
            used: Lines::new(self.group, &self.capacities, nothing.clone()),
            unused: Lines::of_all(self.group, &self.capacities, nothing),
        };
        let mut owners = vec![NONE; had.len()];
        for member in busiest {
            let list = &mut lists[member as usize];
            list.sort_by_key(|&partition| Reverse(self.weight(partition)));
            self.merge(list, &mut bins, &mut owners);
            let kept = self.keep(list, member, &mut bins, &mut owners);
            left.extend(&list[kept..]);
        }
        left.sort_by_key(|&partition| (Reverse(self.weight(partition)), partition));
        for partition in left {
            self.place(partition, had[partition as usize], &mut bins, &mut owners);
        }
        owners
    }

    /// Gives a member's partitions to members in use that have room, the smallest first.
    fn merge(&self, list: &mut Vec<u32>, bins: &mut Bins, owners: &mut Owners) {
        let mut stay = Vec::new();
        for &partition in list.iter().rev() {
            let weight = self.weight(partition);
            match bins.used.fullest(self.topic(partition), weight) {
                Some(member) => bins.give(partition, weight, member, owners),
                None => stay.push(partition),
            }
        }
        stay.reverse();
        *list = stay;
    }

    /// Lets a member keep its partitions while there is room; how many there are.
    fn keep(&self, list: &[u32], member: u32, bins: &mut Bins, owners: &mut Owners) -> usize {
        for (kept, &partition) in list.iter().enumerate() {
            let weight = self.weight(partition);
            let carried = bins.used.carried[member as usize] + weight;
            let fits = carried <= self.capacities[member as usize];
            if !fits && (kept > 0 || self.fits_somewhere(partition)) {
                return kept;
            }
            if kept == 0 {
                bins.open(member);
            }
            bins.give(partition, weight, member, owners);
        }
        list.len()
    }

    /// Whether the partition is not too large for all members. If it is, it gets one for itself.
    fn fits_somewhere(&self, partition: u32) -> bool {
        self.weight(partition) <= self.largest[self.topic(partition) as usize]
    }

    /// Best fit for a partition without a place.
    fn place(&self, partition: u32, had: u32, bins: &mut Bins, owners: &mut Owners) {
        let (topic, weight) = (self.topic(partition), self.weight(partition));
        let member = bins.used.fullest(topic, weight).or_else(|| {
            let (largest, member) = bins.unused.largest(topic)?;
            let fits = |member: u32| self.capacities[member as usize] >= weight.min(largest);
            let old = Some(had).filter(|&had| had != NONE && bins.unused.has(had) && fits(had));
            let member = old.unwrap_or(member);
            bins.open(member);
            Some(member)
        });
        if let Some(member) = member.or_else(|| bins.used.roomiest(topic)) {
            bins.give(partition, weight, member, owners);
        }
    }
}

impl Bins {
    fn open(&mut self, member: u32) {
        self.unused.leave(member);
        self.used.enter(member);
    }

    fn give(&mut self, partition: u32, weight: u128, member: u32, owners: &mut Owners) {
        self.used.load(member, weight);
        owners[partition as usize] = member;
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    fn lists(rates: &[u64], members: &[example::Member]) -> Vec<Vec<u32>> {
        example::lists(&ModifiedBestFit, rates, members)
    }

    const TEN: Option<u64> = Some(10);

    #[test]
    fn members_beyond_the_need_get_nothing() {
        let members = [(TEN, &[][..]); 4];
        assert_eq!(lists(&[6, 5, 4, 3], &members), [vec![0, 2], vec![1, 3], vec![], vec![]]);
        // 4 + 3 fit together.
        assert_eq!(lists(&[4, 3], &members)[0], [0, 1]);
    }

    #[test]
    fn a_member_that_is_not_needed_hands_over_to_the_fullest_with_room() {
        let had: [example::Member; 3] = [(TEN, &[0]), (TEN, &[1]), (TEN, &[2, 3])];
        assert_eq!(lists(&[8, 7, 3, 2], &had), [vec![0, 3], vec![1, 2], vec![]]);
        // As soon as that saves no member, nothing moves.
        assert_eq!(lists(&[8, 7, 4, 2], &had), [vec![0], vec![1], vec![2, 3]]);
    }

    #[test]
    fn an_overloaded_member_keeps_its_largest() {
        let had: [example::Member; 3] = [(TEN, &[0, 1, 2]), (TEN, &[3]), (TEN, &[])];
        assert_eq!(lists(&[6, 3, 4, 7], &had), [vec![0, 2], vec![1, 3], vec![]]);
    }

    #[test]
    fn what_is_too_large_gets_a_member_for_itself_and_the_overflow_goes_where_it_hurts_least() {
        assert_eq!(lists(&[15, 4, 3], &[(TEN, &[]), (TEN, &[])]), [vec![0], vec![1, 2]]);
        let full = [(TEN, &[][..]), (Some(6), &[][..])];
        assert_eq!(lists(&[9, 6, 3, 3], &full), [vec![0, 2], vec![1, 3]]);
    }

    #[test]
    fn what_is_too_large_for_its_member_goes_to_a_larger_one() {
        let had: [example::Member; 2] = [(Some(5), &[0]), (TEN, &[])];
        assert_eq!(lists(&[8], &had), [vec![], vec![0]]);
    }

    #[test]
    fn what_is_not_told_is_shared_equally() {
        let unknown = [(None, &[][..]); 3];
        let sizes = |lists: Vec<Vec<u32>>| lists.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(lists(&[0; 9], &unknown)), [3, 3, 3]);
        assert_eq!(sizes(lists(&[7; 6], &unknown)), [2, 2, 2]);
        assert_eq!(lists(&[1, 2], &[]), Vec::<Vec<u32>>::new());
    }
}
