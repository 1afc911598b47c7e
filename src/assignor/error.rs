//! Why there is no assignment.

use super::check::Flaw;
use super::server::Thrown;
use std::fmt;

/// A strategy has no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AssignError {
    /// Kafka's code throws (`java.lang.ArithmeticException`): nobody to share among.
    Arithmetic,
    /// Kafka's code throws: nobody to deal to.
    IllegalArgument,
    /// Kafka's code throws: more partitions left than members that may take one, or members left
    /// short.
    IllegalState,
    /// Kafka's code throws: a member that takes no part was looked up.
    NullPointer,
    /// Kafka's code throws: nobody takes part.
    NoSuchElement,
    /// Kafka's sticky strategies never end: they move partitions in a circle.
    Endless,
    /// One of the broker's strategies throws.
    Broker(Thrown),
    /// A strategy of one's own answers what is no assignment.
    Flawed(Flaw),
    /// A strategy of one's own fails, and says why.
    Failed(String),
}

impl AssignError {
    /// The class of Kafka's exception; `None`: it is none of Kafka's.
    pub fn class(&self) -> Option<&'static str> {
        Some(match self {
            AssignError::Arithmetic => "java.lang.ArithmeticException",
            AssignError::IllegalArgument => "java.lang.IllegalArgumentException",
            AssignError::IllegalState => "java.lang.IllegalStateException",
            AssignError::NullPointer => "java.lang.NullPointerException",
            AssignError::NoSuchElement => "java.util.NoSuchElementException",
            AssignError::Broker(thrown) => thrown.class(),
            AssignError::Endless | AssignError::Flawed(_) | AssignError::Failed(_) => return None,
        })
    }
}

impl AssignError {
    /// What there is in place of an answer, for people.
    pub fn told(&self) -> String {
        match self.class() {
            Some(class) => format!("Kafka throws {class}"),
            None => self.to_string(),
        }
    }
}

impl fmt::Display for AssignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AssignError::Flawed(flaw) => flaw.fmt(f),
            AssignError::Failed(why) => f.write_str(why),
            AssignError::Endless => f.write_str(
                "Kafka's own code never ends here: it moves partitions in a circle, and the leader \
                 hangs",
            ),
            kafkas => f.write_str(kafkas.class().unwrap_or_default()),
        }
    }
}

impl std::error::Error for AssignError {}
