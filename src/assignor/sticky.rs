//! `sticky` and `cooperative-sticky`: balance with as few moves as possible
//! (`AbstractStickyAssignor`).
//!
//! If all members subscribe to the same topics, [`constrained`] deals by quotas; else [`general`]
//! moves partitions one by one. Both begin with what members claim to own ([`claims`]).
//! Cooperative members get nothing that another one has yet to give up ([`cooperative`]).

mod claims;
mod constrained;
mod cooperative;
mod general;
mod lineup;
mod movements;
mod near;
mod rack;
pub mod user_data;

use super::frame::Frame;
use super::{Answer, AssignError, Assignor, Question};
use crate::model::consumer_protocol::TopicPartitions;
use claims::Claims;
use rack::Nearness;

/// For groups that stop and give up everything at each rebalance; members tell in their user data
/// what they had.
pub(super) struct Sticky;

/// For groups that keep what they keep during a rebalance.
pub(super) struct CooperativeSticky;

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Eager,
    Cooperative,
}

impl Assignor for Sticky {
    fn name(&self) -> &'static str {
        "sticky"
    }

    fn assign(&self, question: &Question) -> Result<Answer, AssignError> {
        assign(question, Kind::Eager)
    }

    fn user_data(&self, last: Option<(&[TopicPartitions], i32)>) -> Option<Vec<u8>> {
        last.map(|(partitions, generation)| user_data::sticky(partitions, generation))
    }

    fn latest_generation(&self, question: &Question) -> i32 {
        claims::latest_generation(question, Kind::Eager)
    }

    fn reads_load(&self) -> bool {
        false
    }
}

impl Assignor for CooperativeSticky {
    fn name(&self) -> &'static str {
        "cooperative-sticky"
    }

    fn assign(&self, question: &Question) -> Result<Answer, AssignError> {
        assign(question, Kind::Cooperative)
    }

    fn user_data(&self, last: Option<(&[TopicPartitions], i32)>) -> Option<Vec<u8>> {
        Some(user_data::cooperative_sticky(last.map_or(-1, |(_, generation)| generation)))
    }

    fn is_cooperative(&self) -> bool {
        true
    }

    fn latest_generation(&self, question: &Question) -> i32 {
        claims::latest_generation(question, Kind::Cooperative)
    }

    fn reads_load(&self) -> bool {
        false
    }
}

fn assign(question: &Question, kind: Kind) -> Result<Answer, AssignError> {
    let frame = Frame::new(question);
    let claims = Claims::read(&frame, kind);
    let nearness = Nearness::read(&frame);
    if subscriptions_are_equal(&frame) {
        let given = constrained::assign(&frame, &claims, nearness.as_ref(), kind)?;
        return Ok(frame.answer_one_by_one(&given, |p| claims.partition(p)));
    }
    let (mut lists, walk) = general::assign(&frame, &claims, nearness.as_ref())?;
    if kind == Kind::Cooperative {
        cooperative::withhold(&claims, &mut lists, &walk);
    }
    let list = |list: Vec<u32>| list.into_iter().map(|p| claims.partition(p)).collect::<Vec<_>>();
    Ok(frame.answer(lists.into_iter().map(list)))
}

/// Whether everybody subscribes to what the first one does that subscribes to anything; Kafka
/// doesn't look at those before it.
fn subscriptions_are_equal(frame: &Frame) -> bool {
    let mut classes = frame.order.iter().map(|&m| frame.class_of[m as usize]);
    let first = classes.find(|&class| !frame.classes[class as usize].is_empty);
    first.is_none_or(|first| classes.all(|class| class == first))
}
