//! `uniform`: sizes as equal as can be, with as few moves as that allows
//! (`coordinator.group.assignor.UniformAssignor`).

mod balancer;
mod heterogeneous;
mod homogeneous;

use super::{Answer, Question, ServerAssignor, SubscriptionType, Thrown};

/// The default strategy of consumer groups.
pub(super) struct Uniform;

impl ServerAssignor for Uniform {
    fn name(&self) -> &'static str {
        "uniform"
    }

    fn assign(&self, question: &Question) -> Result<Answer, Thrown> {
        if question.members.is_empty() {
            return Ok(Answer::default());
        }
        match question.subscription {
            SubscriptionType::Homogeneous => homogeneous::assign(question),
            SubscriptionType::Heterogeneous => heterogeneous::assign(question),
        }
    }
}
