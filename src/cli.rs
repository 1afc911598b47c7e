//! The command line: arguments, files, progress, exit codes, threads.
//!
//! All that is not a pure function of a scenario lives here.

mod assign;
mod baseline;
mod broken;
mod conform;
mod exit;
mod external;
mod find;
mod fuzz;
mod interrupt;
mod live;
mod load;
mod output;
mod print;
mod progress;
mod run;
mod slow;
mod test;

use crate::parse;
use baseline::Tolerance;
use clap::{Args, Parser, Subcommand};
use exit::Exit;
use std::path::PathBuf;
use std::process::ExitCode;

/// What will this consumer group do? A deterministic simulator of Kafka consumer groups.
#[derive(Parser, Debug)]
#[command(version, about, arg_required_else_help = true, after_help = exit::HELP)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run scenarios: a summary of each, its charts and data in output/NAME/
    Run(RunArguments),
    /// Run scenarios, their variants and suites of strategies, and check what they expect
    Test(TestArguments),
    /// Ask assignment strategies who gets which partition
    Assign(AssignArguments),
    /// Replay recorded answers of Kafka, and show every case that rejoin answers otherwise
    Conform(conform::Arguments),
    /// Run random scenarios with all kinds of faults, and look for broken invariants
    Fuzz(fuzz::Arguments),
    /// Print the JSON Schema of scenario files, for editors
    Schema,
}

#[derive(Args, Debug)]
struct RunArguments {
    /// Scenario files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    changes: Changes,
    /// Folder that gets a folder for each scenario
    #[arg(long, value_name = "FOLDER", default_value = "output")]
    output: PathBuf,
}

#[derive(Args, Debug)]
struct TestArguments {
    /// Scenarios and suites of strategies, or folders with such files
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Fail if a figure of a suite is worse than this file says
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// How much worse it may be, such as 5%
    #[arg(long, value_name = "PERCENT", default_value = "0%", requires = "baseline")]
    tolerance: Tolerance,
    /// Write the figures of all suites to this file
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    write_baseline: Option<PathBuf>,
    #[command(flatten)]
    changes: Changes,
}

#[derive(Args, Debug)]
struct AssignArguments {
    /// A scenario, a case (TOML), or recorded cases (a line of JSON each)
    #[arg(value_name = "INPUT")]
    input: PathBuf,
    /// Strategies to lay beside each other, instead of those that INPUT names
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    assignor: Vec<String>,
    /// A program that is a strategy, such as `python3 my_assignor.py`
    #[arg(long, value_name = "COMMAND")]
    command: Vec<String>,
    /// What happens then: "leave m2", "join m4", "replace m1 m5", "grow orders 12", "rebalance"
    #[arg(long, value_name = "CHANGE")]
    then: Vec<String>,
    /// Take the scenario's group as it is at this moment, such as 30s
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The scenario's group, if it has several
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// One of the recorded cases, by its id
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    /// Print a line of JSON for each case
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    changes: Changes,
}

/// Changes to all scenarios of a call.
#[derive(Args, Debug)]
struct Changes {
    /// Override a key of the scenarios, such as groups.search.config.session.timeout.ms=10s
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// Runs the command that the arguments name.
#[must_use]
pub fn main() -> ExitCode {
    let exit = match Arguments::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Test(arguments) => test::test(&arguments),
        Command::Assign(arguments) => assign::assign(&arguments),
        Command::Conform(arguments) => conform::conform(&arguments),
        Command::Fuzz(arguments) => fuzz::fuzz(&arguments),
        Command::Schema => {
            print::out(&format!("{:#}\n", parse::schema()));
            Exit::Well
        }
    };
    exit.into()
}
