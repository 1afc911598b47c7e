//! Changes of a group, one after another, as its strategy sees them: members carry over what they
//! own as clients do.

use super::figures::{Figures, Held};
use super::{Answer, AssignError, Member, Question, Strategy};
use crate::kernel::java_hash::string_cmp;
use crate::model::Name;
use crate::model::consumer_protocol::TopicPartitions;
use std::collections::BTreeMap;

/// What happens to a group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// These members leave.
    Leave(Vec<Name>),
    /// This member joins; without topics it subscribes to what the group's first member does.
    Join(Member),
    /// A member is replaced by a new one with the same subscription, instance id, rack and
    /// capacity.
    Replace {
        /// Who leaves.
        old: Name,
        /// Who comes.
        new: Name,
    },
    /// A topic gets more partitions.
    Grow {
        /// The topic.
        topic: Name,
        /// How many it has then.
        partitions: u32,
    },
    /// Nothing changes; the group rebalances once more.
    Rebalance,
}

/// A change that does not fit the group.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Misfit {
    /// Nobody of that name is in the group.
    NoMember(Name),
    /// Somebody of that name is in the group.
    MemberExists(Name),
    /// There is no such topic.
    NoTopic(Name),
    /// Topics only grow; it has so many partitions.
    Shrinks(Name, u32),
}

/// A group that goes on under one strategy.
#[derive(Clone, Debug)]
pub struct Group {
    strategy: Strategy,
    question: Question,
    held: Held,
    /// What each member got last, and in which generation.
    last: BTreeMap<Name, (Vec<TopicPartitions>, i32)>,
    generation: i32,
    /// Whose assignor answers, and the latest generation that it has met.
    leader: Option<(Name, i32)>,
}

/// What a change led to.
#[derive(Clone, Debug)]
pub struct Step {
    /// The group as its strategy saw it at last.
    pub question: Question,
    /// Who owns what in the end.
    pub answer: Answer,
    /// How often the strategy was asked: a cooperative group takes two rounds if something moves.
    pub rounds: u32,
    /// Who owned what before.
    pub held: Held,
}

impl Step {
    /// The figures of the end against the owners before the change.
    pub fn figures(&self) -> Figures {
        Figures::of(&self.question, &self.answer, &self.held)
    }
}

/// A group that still moves partitions after so many rounds would do so for ever.
const MOST_ROUNDS: u32 = 16;

impl Group {
    /// The group of a question; what its members say that they own is what they hold.
    pub fn new(strategy: Strategy, question: Question) -> Self {
        let mut held = Held::new();
        let mut last = BTreeMap::new();
        let mut generation = 0;
        for member in &question.members {
            let had = member.had();
            for of in &had {
                held.extend(
                    of.partitions.iter().map(|&n| ((of.topic.clone(), n), member.id.clone())),
                );
            }
            if !had.is_empty() {
                last.insert(member.id.clone(), (had, member.generation));
            }
            generation = generation.max(member.generation);
        }
        let leader = question.members.first().map(|member| (member.id.clone(), question.seen));
        Group { strategy, question, held, last, generation, leader }
    }

    /// The same, with members that say what they hold as this strategy's members do: for questions
    /// that people write, who tell only who owns what.
    pub fn joined(strategy: Strategy, question: Question) -> Self {
        let mut group = Group::new(strategy, question);
        group.join();
        group
    }

    /// The first assignment: the question as it is, and what a cooperative group needs after it.
    pub fn begin(&mut self) -> Result<Step, AssignError> {
        let before = self.held.clone();
        let answer = self.strategy.assign(&self.question)?;
        self.finish(before, answer)
    }

    /// One answer, and nothing after it.
    pub fn ask(&self) -> Result<Step, AssignError> {
        let answer = self.strategy.assign(&self.question)?;
        let (question, held) = (self.question.clone(), self.held.clone());
        Ok(Step { question, answer, rounds: 1, held })
    }

    /// Carries out a change and rebalances.
    pub fn play(&mut self, change: &Change) -> Result<Result<Step, AssignError>, Misfit> {
        self.change(change)?;
        let before = self.held.clone();
        self.join();
        Ok(self.strategy.assign(&self.question).and_then(|answer| self.finish(before, answer)))
    }

    /// Carries out changes one after another, as long as there are assignments; `first` is what
    /// there was before them.
    pub fn play_all<'a>(
        mut self,
        first: Result<Step, AssignError>,
        changes: impl IntoIterator<Item = &'a Change>,
    ) -> Result<Vec<Result<Step, AssignError>>, Misfit> {
        let mut steps = vec![first];
        for change in changes {
            if steps.iter().any(Result::is_err) {
                break;
            }
            steps.push(self.play(change)?);
        }
        Ok(steps)
    }

    /// Rounds until nobody has to give up anything more.
    fn finish(&mut self, before: Held, mut answer: Answer) -> Result<Step, AssignError> {
        let mut rounds = 1;
        while self.take(&answer) && rounds < MOST_ROUNDS {
            self.join();
            answer = self.strategy.assign(&self.question)?;
            rounds += 1;
        }
        Ok(Step { question: self.question.clone(), answer, rounds, held: before })
    }

    /// Members take what they got. Whether somebody gave something up that waits for the next
    /// round.
    fn take(&mut self, answer: &Answer) -> bool {
        self.generation += 1;
        let seen = self.strategy.assignor().latest_generation(&self.question);
        self.leader = self.question.members.first().map(|member| (member.id.clone(), seen));
        let mut held = Held::new();
        for (member, list) in answer.iter() {
            held.extend(list.iter().map(|(topic, n)| ((topic.clone(), n), member.clone())));
            self.last.insert(member.clone(), (list.by_topic(), self.generation));
        }
        let stays = |owner: &Name| self.question.members.iter().any(|member| member.id == *owner);
        let mut lost = self.held.iter().filter(|&(p, owner)| held.get(p) != Some(owner));
        let revokes = lost.any(|(_, owner)| stays(owner));
        self.held = held;
        revokes && self.strategy.assignor().is_cooperative()
    }

    /// What members say when they join again.
    fn join(&mut self) {
        let assignor = self.strategy.assignor();
        for member in &mut self.question.members {
            let last = self.last.get(&member.id);
            let had = last.map(|(had, _)| had).filter(|_| assignor.keeps_ownership());
            member.owned = had.cloned().unwrap_or_default();
            if assignor.is_cooperative() {
                sort(&mut member.owned);
            }
            member.generation = last.map_or(-1, |&(_, generation)| generation);
            member.user_data = assignor.user_data(last.map(|(had, at)| (&**had, *at)));
        }
        let leader = self.question.members.first();
        let met = self.leader.as_ref().filter(|(id, _)| leader.is_some_and(|m| m.id == *id));
        self.question.seen = met.map_or(-1, |&(_, seen)| seen);
    }

    fn place(&self, id: &Name) -> Result<usize, Misfit> {
        let found = self.question.members.iter().position(|member| member.id == *id);
        found.ok_or_else(|| Misfit::NoMember(id.clone()))
    }

    fn is_free(&self, id: &Name) -> Result<(), Misfit> {
        match self.place(id) {
            Ok(_) => Err(Misfit::MemberExists(id.clone())),
            Err(_) => Ok(()),
        }
    }

    /// Carries out a change without a rebalance.
    pub fn change(&mut self, change: &Change) -> Result<(), Misfit> {
        match change {
            Change::Leave(ids) => {
                for id in ids {
                    self.place(id)?;
                }
                self.question.members.retain(|member| !ids.contains(&member.id));
                self.last.retain(|id, _| !ids.contains(id));
            }
            Change::Join(member) => {
                self.is_free(&member.id)?;
                let mut member = member.clone();
                if member.topics.is_empty() {
                    member.topics = self.common_topics();
                }
                let known = |name: &&Name| self.question.topics.iter().any(|t| t.name == **name);
                if let Some(stranger) = member.topics.iter().find(|name| !known(name)) {
                    return Err(Misfit::NoTopic(stranger.clone()));
                }
                self.question.members.push(member);
            }
            Change::Replace { old, new } => {
                let place = self.place(old)?;
                self.is_free(new)?;
                let old = self.question.members.remove(place);
                self.last.remove(&old.id);
                let member = Member {
                    id: new.clone(),
                    owned: Vec::new(),
                    generation: -1,
                    user_data: None,
                    ..old
                };
                self.question.members.push(member);
            }
            Change::Grow { topic, partitions } => {
                let known = self.question.topics.iter_mut().find(|known| known.name == *topic);
                let known = known.ok_or_else(|| Misfit::NoTopic(topic.clone()))?;
                if *partitions < known.partitions {
                    return Err(Misfit::Shrinks(topic.clone(), known.partitions));
                }
                known.partitions = *partitions;
            }
            Change::Rebalance => {}
        }
        Ok(())
    }

    /// What the first member subscribes to; all topics if there is none.
    fn common_topics(&self) -> Vec<Name> {
        let all = || self.question.topics.iter().map(|topic| topic.name.clone()).collect();
        self.question.members.first().map_or_else(all, |member| member.topics.clone())
    }
}

/// As the wire has it: topics in order of their names, partitions in order.
fn sort(owned: &mut [TopicPartitions]) {
    for of in owned.iter_mut() {
        of.partitions.sort_unstable();
    }
    owned.sort_by(|a, b| string_cmp(&a.topic, &b.topic));
}

#[cfg(test)]
mod tests {
    use super::super::Topic;
    use super::*;

    fn group(strategy: &str, members: &[&str], partitions: u32) -> Group {
        let topic = Topic { name: "t".into(), partitions, ..Topic::default() };
        let member =
            |id: &&str| Member { id: (*id).into(), topics: vec!["t".into()], ..Member::default() };
        let members = members.iter().map(member).collect();
        let question = Question { topics: vec![topic], members, ..Question::default() };
        Group::new(Strategy::shipped(strategy).expect("a name"), question)
    }

    fn played(group: &mut Group, change: &Change) -> (u32, Figures) {
        let step = group.play(change).expect("it fits").expect("an assignment");
        (step.rounds, step.figures())
    }

    #[test]
    fn sticky_members_carry_over_what_they_own() {
        for (strategy, rounds) in [("sticky", 1), ("cooperative-sticky", 2), ("uniform", 1)] {
            let mut group = group(strategy, &["m1", "m2"], 6);
            assert_eq!(group.begin().expect("an assignment").rounds, 1);
            let join = Change::Join(Member { id: "m3".into(), ..Member::default() });
            let (taken, figures) = played(&mut group, &join);
            assert_eq!((taken, figures.moves, figures.fewest.moves), (rounds, 2, 2), "{strategy}");
            assert_eq!((figures.spread(), figures.unassigned), (0, 0), "{strategy}");
            let (taken, figures) = played(&mut group, &Change::Leave(vec!["m1".into()]));
            assert_eq!((taken, figures.moves, figures.spread()), (1, 0, 0), "{strategy}");
            let (taken, figures) = played(&mut group, &Change::Rebalance);
            assert_eq!((taken, figures.moves), (1, 0), "{strategy}");
        }
    }

    #[test]
    fn range_moves_more_than_it_must() {
        let mut group = group("range", &["m2", "m3"], 6);
        group.begin().expect("an assignment");
        let join = Change::Join(Member { id: "m1".into(), ..Member::default() });
        let (_, figures) = played(&mut group, &join);
        assert_eq!((figures.moves, figures.fewest.moves), (3, 2));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut group = group("range", &["m1"], 6);
        for (change, misfit) in [
            (Change::Leave(vec!["m2".into()]), Misfit::NoMember("m2".into())),
            (
                Change::Replace { old: "m1".into(), new: "m1".into() },
                Misfit::MemberExists("m1".into()),
            ),
            (Change::Grow { topic: "t".into(), partitions: 5 }, Misfit::Shrinks("t".into(), 6)),
            (Change::Grow { topic: "u".into(), partitions: 5 }, Misfit::NoTopic("u".into())),
        ] {
            assert_eq!(group.play(&change).err(), Some(misfit));
        }
    }
}
