//! A group by numbers: members by the order of their ids, partitions by (topic, index).

use super::super::frame::{Frame, NONE};
use super::super::{Answer, Load, Member, Question, Topic, names, user_data};
use crate::kernel::rate::Rate;
use std::cmp::Ordering;

/// The owner of each partition; [`NONE`]: nobody.
pub(super) type Owners = Vec<u32>;

/// So many members' speeds add up to less than 2³¹, so that a speed times a sum of rates fits into
/// 128 bits.
const SPEED_BITS: u32 = 30;

/// A group by numbers.
pub(super) struct Group<'a> {
    pub(super) frame: Frame<'a>,
    /// The place in the frame of each member.
    pub(super) members: Vec<u32>,
    /// Topic and index of each partition.
    pub(super) partitions: Vec<(u32, u32)>,
    /// What each partition carries.
    pub(super) loads: Vec<Load>,
}

impl<'a> Group<'a> {
    pub(super) fn new(question: &'a Question) -> Self {
        let frame = Frame::new(question);
        let ids: Vec<&str> = frame.order.iter().map(|&member| &**frame.id(member)).collect();
        let members =
            names::sorted(&ids).into_iter().map(|place| frame.order[place as usize]).collect();
        let of_topic = |(topic, of): (u32, &&'a Topic)| {
            let of = *of;
            (0..of.partitions).map(move |index| ((topic, index), of.load(index)))
        };
        let (partitions, loads) = (0..).zip(&frame.topics).flat_map(of_topic).unzip();
        Group { frame, members, partitions, loads }
    }

    fn member(&self, number: u32) -> &'a Member {
        &self.frame.question.members[self.members[number as usize] as usize]
    }

    /// The number of the member's subscription.
    pub(super) fn class(&self, member: u32) -> u32 {
        self.frame.class_of[self.members[member as usize] as usize]
    }

    fn subscribes(&self, member: u32, topic: u32) -> bool {
        let class = &self.frame.classes[self.class(member) as usize];
        class.topics.binary_search(&topic).is_ok()
    }

    /// What members can do: records as units of a rate; who does not tell counts as the mean of
    /// those who do. `None`: nobody tells.
    pub(super) fn capacities(&self) -> Option<Vec<u64>> {
        let told = |number| self.member(number).capacity.map(Rate::units);
        let all: Vec<Option<u64>> = (0..self.members.len() as u32).map(told).collect();
        let known = || all.iter().flatten().map(|&units| u128::from(units));
        let count = known().count() as u128;
        let mean = known().sum::<u128>().checked_div(count)?;
        Some(all.into_iter().map(|units| units.unwrap_or(mean as u64)).collect())
    }

    /// How fast members are beside each other, at least 1.
    pub(super) fn speeds(&self) -> Vec<u128> {
        let Some(capacities) = self.capacities() else { return vec![1; self.members.len()] };
        let sum: u128 = capacities.iter().map(|&units| u128::from(units)).sum();
        let excess = (u128::BITS - sum.leading_zeros()).saturating_sub(SPEED_BITS);
        capacities.into_iter().map(|units| u128::from(units >> excess.min(63)).max(1)).collect()
    }

    /// Who had each partition, as far as that member still subscribes to it. Of two that claim
    /// one, the later generation had it; in the same generation, neither.
    pub(super) fn had(&self) -> Owners {
        let mut owners = vec![NONE; self.partitions.len()];
        let mut since = vec![i32::MIN; self.partitions.len()];
        for number in 0..self.members.len() as u32 {
            let member = self.member(number);
            let told = member.user_data.as_deref().and_then(user_data::generation);
            let generation = told.unwrap_or(member.generation);
            for claim in member.had() {
                let Some(topic) = self.frame.topic(&claim.topic) else { continue };
                if !self.subscribes(number, topic) {
                    continue;
                }
                let count = self.frame.topics[topic as usize].partitions;
                for &index in claim.partitions.iter().filter(|&&index| index < count) {
                    let partition = (self.frame.first[topic as usize] + index) as usize;
                    match generation.cmp(&since[partition]) {
                        Ordering::Equal if owners[partition] != number => owners[partition] = NONE,
                        Ordering::Less | Ordering::Equal => {}
                        Ordering::Greater => {
                            (owners[partition], since[partition]) = (number, generation);
                        }
                    }
                }
            }
        }
        owners
    }

    /// The answer in which these own the partitions, each list by topic and index.
    pub(super) fn answer(&self, owners: &Owners) -> Answer {
        let member = |&owner: &u32| self.members[owner as usize];
        let given = owners.iter().map(member).zip(self.partitions.iter().copied());
        self.frame.answer_one_by_one(&given.collect::<Vec<_>>(), |partition| partition)
    }
}
