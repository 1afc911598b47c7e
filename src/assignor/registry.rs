//! Strategies by name: those that rejoin ships, and one's own.

use super::check::check;
use super::{ALL, Answer, AssignError, Assignor, Question};
use crate::kernel::time::Span;
use std::fmt;
use std::sync::Arc;

/// A strategy that somebody has chosen.
#[derive(Clone)]
pub struct Strategy(Origin);

#[derive(Clone)]
enum Origin {
    Shipped(&'static dyn Assignor),
    Own(Arc<dyn Assignor>),
}

impl Strategy {
    /// A strategy of one's own.
    pub fn own(strategy: Arc<dyn Assignor>) -> Self {
        Strategy(Origin::Own(strategy))
    }

    /// The strategy of this name that rejoin ships.
    pub fn shipped(name: &str) -> Option<Self> {
        ALL.into_iter().find(|s| s.name() == name).map(|s| Strategy(Origin::Shipped(s)))
    }

    /// The strategy itself.
    pub fn assignor(&self) -> &dyn Assignor {
        match &self.0 {
            Origin::Shipped(strategy) => *strategy,
            Origin::Own(strategy) => &**strategy,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.assignor().name()
    }

    /// Who gets what. Answers of a strategy of one's own are checked; Kafka's are as they are.
    pub fn assign(&self, question: &Question) -> Result<Answer, AssignError> {
        let answer = self.assignor().assign(question)?;
        if matches!(self.0, Origin::Own(_)) {
            check(question, &answer).map_err(AssignError::Flawed)?;
        }
        Ok(answer)
    }
}

impl PartialEq for Strategy {
    /// Strategies are what their names say.
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl fmt::Debug for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Strategy").field(&self.name()).finish()
    }
}

/// A program that is a strategy: it reads questions and writes answers, a line each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// How long it may think about a question.
    pub limit: Span,
}

/// What makes a strategy of a program. This layer starts no process, so the caller brings it.
pub type Launch = fn(Command) -> Arc<dyn Assignor>;

/// The strategies that scenarios and cases may name: those that rejoin ships, and those that the
/// program registers.
///
/// ```
/// use rejoin::assignor::{Answer, AssignError, Assignor, Question, Registry};
/// use std::sync::Arc;
///
/// /// All partitions go to the first member that reads their topic.
/// struct First;
///
/// impl Assignor for First {
///     fn name(&self) -> &str {
///         "first"
///     }
///
///     fn assign(&self, question: &Question) -> Result<Answer, AssignError> {
///         let topics = question.topics.iter().map(|topic| topic.name.clone());
///         let mut answer = Answer::new(topics.collect());
///         for member in &question.members {
///             let is_first = |topic: &str| {
///                 let mut readers =
///                     question.members.iter().filter(|m| m.topics.iter().any(|t| &**t == topic));
///                 readers.next().is_some_and(|first| first.id == member.id)
///             };
///             let mine = (0..).zip(&question.topics).filter(|(_, topic)| is_first(&topic.name));
///             let all = mine.flat_map(|(place, t)| (0..t.partitions).map(move |i| (place, i)));
///             answer.push(member.id.clone(), all);
///         }
///         Ok(answer)
///     }
/// }
///
/// let mut strategies = Registry::default();
/// strategies.register(Arc::new(First)).expect("the name is free");
/// assert!(strategies.get("first").is_some());
/// assert!(strategies.get("cooperative-sticky").is_some(), "Kafka's are always there");
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    own: Vec<Strategy>,
    launch: Option<Launch>,
}

impl Registry {
    /// Adds a strategy of one's own. Its name must be free.
    pub fn register(&mut self, strategy: Arc<dyn Assignor>) -> Result<(), Taken> {
        if self.get(strategy.name()).is_some() {
            return Err(Taken(strategy.name().to_owned()));
        }
        self.own.push(Strategy::own(strategy));
        Ok(())
    }

    /// From now on programs can be strategies.
    pub fn allow_commands(&mut self, launch: Launch) {
        self.launch = Some(launch);
    }

    /// The strategy of this name.
    pub fn get(&self, name: &str) -> Option<Strategy> {
        let own = || self.own.iter().find(|strategy| strategy.name() == name).cloned();
        Strategy::shipped(name).or_else(own)
    }

    /// The strategy that this program is; `None`: programs are not allowed here.
    pub fn command(&self, command: Command) -> Option<Strategy> {
        self.launch.map(|launch| Strategy::own(launch(command)))
    }

    /// All names, one's own last.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        ALL.iter().map(|s| s.name()).chain(self.own.iter().map(Strategy::name))
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

/// There is a strategy of this name already.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken(pub String);

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is an assignment strategy `{}` already", self.0)
    }
}

impl std::error::Error for Taken {}
