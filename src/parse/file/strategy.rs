//! Assignment strategies: by name, or a program.

use crate::kernel::time::Span;
use crate::parse::document::{Node, Value};
use crate::parse::shape::{List, Reader, Shape};
use crate::parse::spec::{Kind, Rule};
use crate::parse::table::table;

table! {
    /// A program that is an assignment strategy: it reads questions and writes answers, a line of
    /// JSON each (docs/own-strategies.md).
    Program, "program", "{ command = [\"python3\", \"my_assignor.py\"] }",
    [Rule::Required("command")];

    /// The program and its arguments, started once a run, in the working directory.
    command: List<String, 1, 1_000>;
    /// How long it may think about one question (real time, not the run's).
    timeout: Span = "\"5s\"";
}

/// An assignment strategy, as written.
#[derive(Clone, Debug)]
pub(crate) enum StrategyRef {
    /// One that rejoin ships, or that the program has registered.
    Named(String),
    /// A program.
    Program(Program),
}

impl Shape for StrategyRef {
    const KIND: Kind = Kind::OneOf(&[String::KIND, Kind::Table(&Program::SPEC)]);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match node.value {
            Value::Text(_) => String::read(node, reader).map(StrategyRef::Named),
            Value::Table(_) => Program::read(node, reader).map(StrategyRef::Program),
            _ => {
                reader.mismatch(node, &Self::KIND);
                None
            }
        }
    }
}
