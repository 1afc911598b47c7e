//! The command line: arguments, files, progress, exit codes, threads.
//!
//! All that is not a pure function of a scenario lives here.

mod broken;
mod exit;
mod interrupt;
mod load;
mod output;
mod print;
mod progress;
mod run;
mod slow;
mod test;

use crate::parse;
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
    /// Run scenarios and their variants, and check what they expect
    Test(TestArguments),
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
    /// Scenario files, or folders with scenario files
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
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
        Command::Schema => {
            print::out(&format!("{:#}\n", parse::schema()));
            Exit::Well
        }
    };
    exit.into()
}
