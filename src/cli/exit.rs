//! Exit codes.

use std::process::ExitCode;

/// The exit codes, for `--help`.
pub(super) const HELP: &str = "Exit codes: 0 all well; 1 an expectation failed or an answer \
is not Kafka's; 2 the input is wrong; 3 an invariant broke, which is a bug of rejoin";

/// How a command ends. A larger one outweighs a smaller one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Exit {
    /// All well.
    Well = 0,
    /// An expectation failed, or an answer is not Kafka's.
    Failed = 1,
    /// The user's input is wrong.
    Input = 2,
    /// An invariant broke: a bug of ours.
    Broken = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
