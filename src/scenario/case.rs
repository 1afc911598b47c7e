//! A question to assignment strategies, as a person writes it: `rejoin assign` answers it.

use crate::assignor::churn::Change;
use crate::assignor::{Question, Strategy};

/// A group, who may own what, and what happens to it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// The group; members tell what they own, whatever strategy they follow.
    pub question: Question,
    /// The strategies that are asked.
    pub strategies: Vec<Strategy>,
    /// What happens then, one after another. Each fits the group that the ones before it leave.
    pub changes: Vec<Planned>,
}

/// A change and how the person wrote it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Planned {
    /// Such as `join m4`.
    pub text: String,
    /// What it means.
    pub change: Change,
}
