//! What members claim to own, and who of them is believed.

use super::super::Question;
use super::super::frame::{Frame, NONE};
use super::Kind;
use super::user_data::{self, Told};
use std::collections::BTreeMap;

/// Claims of all members. Partitions are numbered by (topic, index); those that are claimed but not
/// in the metadata have numbers behind all others.
pub(super) struct Claims {
    /// Topic of each partition.
    topics: Vec<u32>,
    /// Number of each partition in its topic.
    indexes: Vec<i32>,
    /// How many partitions the metadata knows.
    pub(super) known: u32,
    /// The claims of member `m` are `all[starts[m]..ends[m]]`.
    all: Vec<u32>,
    spans: Vec<(u32, u32)>,
    /// The generation of each member's claims.
    pub(super) generations: Vec<Option<i32>>,
    /// The latest generation ever met.
    pub(super) latest: i32,
    /// Who holds each partition by an accepted claim, and the place of that claim in `all`.
    accepted: Vec<Accepted>,
    /// Partitions that two members claimed in one generation.
    pub(super) contested: Vec<bool>,
}

#[derive(Clone, Copy)]
struct Accepted {
    holder: u32,
    place: u32,
}

const NOBODY: Accepted = Accepted { holder: NONE, place: NONE };

impl Claims {
    pub(super) fn read(frame: &Frame, kind: Kind) -> Self {
        let mut claims = Claims::of_partitions(frame);
        let mut reader = Reader { frame, extra: BTreeMap::new(), guess: 0 };
        for &member in &frame.order {
            let start = claims.all.len();
            let generation = reader.read(member, kind, &mut claims);
            claims.spans[member as usize] = (start as u32, claims.all.len() as u32);
            claims.generations[member as usize] = generation;
            claims.latest = claims.latest.max(generation.unwrap_or(-1));
        }
        claims.accepted = vec![NOBODY; claims.topics.len()];
        claims.contested = vec![false; claims.topics.len()];
        claims.judge(frame);
        claims
    }

    fn of_partitions(frame: &Frame) -> Self {
        let mut topics = Vec::with_capacity(frame.total as usize);
        let mut indexes = Vec::with_capacity(frame.total as usize);
        for (number, topic) in (0..).zip(&frame.topics) {
            topics.resize(topics.len() + topic.partitions as usize, number);
            indexes.extend(0..topic.partitions.cast_signed());
        }
        Claims {
            topics,
            indexes,
            known: frame.total,
            all: Vec::new(),
            spans: vec![(0, 0); frame.members()],
            generations: vec![None; frame.members()],
            latest: frame.question.seen.max(-1),
            accepted: Vec::new(),
            contested: Vec::new(),
        }
    }

    /// Decides between members that claim the same partition: the later generation wins, and equal
    /// ones lose both.
    ///
    /// The one that claimed first is judged by the generation in its subscription, whatever its
    /// user data says.
    fn judge(&mut self, frame: &Frame) {
        // Who claimed last and was not refused, even if it lost.
        let mut claimants = vec![NONE; self.topics.len()];
        for &member in &frame.order {
            let generation = self.generations[member as usize].unwrap_or(-1);
            let (start, end) = self.spans[member as usize];
            for place in start..end {
                let partition = self.all[place as usize] as usize;
                let claimant = &mut claimants[partition];
                if *claimant == NONE {
                    *claimant = member;
                    self.accepted[partition] = Accepted { holder: member, place };
                    continue;
                }
                let other = frame.question.members[*claimant as usize].generation.max(-1);
                if generation == other {
                    self.contested[partition] = true;
                    self.accepted[partition] = NOBODY;
                    *claimant = member;
                } else if generation > other {
                    // Who claims it twice, once it is contested, loses to itself what it gets.
                    let is_lost = *claimant == member && self.accepted[partition].holder != member;
                    if !is_lost {
                        self.accepted[partition] = Accepted { holder: member, place };
                    }
                    *claimant = member;
                }
            }
        }
    }

    /// Topic and number of a partition.
    pub(super) fn partition(&self, partition: u32) -> (u32, u32) {
        let partition = partition as usize;
        (self.topics[partition], self.indexes[partition].cast_unsigned())
    }

    pub(super) fn topic(&self, partition: u32) -> u32 {
        self.topics[partition as usize]
    }

    /// The number of a partition in its topic; metadata don't know it if it is negative or too high.
    pub(super) fn index(&self, partition: u32) -> i32 {
        self.indexes[partition as usize]
    }

    /// All partitions, the unknown ones too.
    pub(super) fn partitions(&self) -> u32 {
        self.topics.len() as u32
    }

    /// What a member claims, believed or not.
    pub(super) fn of(&self, member: u32) -> &[u32] {
        let (start, end) = self.spans[member as usize];
        &self.all[start as usize..end as usize]
    }

    /// Who holds a partition by an accepted claim.
    pub(super) fn holder(&self, partition: u32) -> u32 {
        self.accepted[partition as usize].holder
    }

    /// What a member holds by accepted claims, in the order in which they were accepted.
    pub(super) fn held_by(&self, member: u32) -> Vec<u32> {
        let (start, end) = self.spans[member as usize];
        let held = (start..end).filter(|&place| {
            let accepted = self.accepted[self.all[place as usize] as usize];
            accepted.holder == member && accepted.place == place
        });
        held.map(|place| self.all[place as usize]).collect()
    }
}

/// The latest generation that a leader has met after it has answered.
pub(super) fn latest_generation(question: &Question, kind: Kind) -> i32 {
    let generations = question.members.iter().map(|member| match kind {
        Kind::Eager => match user_data::read_sticky(member.user_data.as_deref(), &mut |_, _| {}) {
            Told::Claims(Some(generation)) => generation,
            Told::Claims(None) | Told::Nothing | Told::Nonsense => -1,
        },
        Kind::Cooperative if member.generation >= 0 => member.generation,
        Kind::Cooperative => user_data::read_cooperative(member.user_data.as_deref()).unwrap_or(-1),
    });
    generations.fold(question.seen, i32::max)
}

/// Gives numbers to claimed partitions.
struct Reader<'a> {
    frame: &'a Frame<'a>,
    /// Partitions that are not in the metadata.
    extra: BTreeMap<(u32, i32), u32>,
    /// The topic that is likely claimed next.
    guess: u32,
}

impl Reader<'_> {
    /// Notes the claims of a member and tells their generation.
    fn read(&mut self, member: u32, kind: Kind, claims: &mut Claims) -> Option<i32> {
        let member = &self.frame.question.members[member as usize];
        let user_data = member.user_data.as_deref();
        self.guess = 0;
        if kind == Kind::Eager {
            let start = claims.all.len();
            let told = user_data::read_sticky(user_data, &mut |name, partitions| {
                self.claim(name, partitions.iter().map(|&p| i32::from_be_bytes(p)), claims);
            });
            return match told {
                Told::Nothing => None,
                Told::Claims(generation) => generation,
                Told::Nonsense => {
                    claims.all.truncate(start);
                    Some(-1)
                }
            };
        }
        for of_topic in &member.owned {
            let partitions = of_topic.partitions.iter().map(|p| p.cast_signed());
            self.claim(&of_topic.topic, partitions, claims);
        }
        if member.generation >= 0 {
            return Some(member.generation);
        }
        user_data::read_cooperative(user_data)
    }

    fn claim(&mut self, name: &str, indexes: impl Iterator<Item = i32>, claims: &mut Claims) {
        let guessed = self.frame.topics.get(self.guess as usize);
        let topic = match guessed.filter(|topic| *topic.name == *name) {
            Some(_) => self.guess,
            None => match self.frame.topic(name) {
                Some(topic) => topic,
                None => return,
            },
        };
        self.guess = topic + 1;
        let first = self.frame.first[topic as usize];
        let count = self.frame.topics[topic as usize].partitions;
        for index in indexes {
            let number = match u32::try_from(index) {
                Ok(index) if index < count => first + index,
                _ => *self.extra.entry((topic, index)).or_insert_with(|| {
                    claims.topics.push(topic);
                    claims.indexes.push(index);
                    claims.topics.len() as u32 - 1
                }),
            };
            claims.all.push(number);
        }
    }
}
