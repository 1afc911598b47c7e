//! Programs that are assignment strategies: a question is a line of JSON on their standard input,
//! the answer a line on their standard output (docs/own-strategies.md).

use super::print;
use crate::assignor::check::check;
use crate::assignor::{Answer, AssignError, Assignor, Command, Question, Registry, user_data};
use crate::model::Name;
use crate::model::consumer_protocol::TopicPartitions;
use crate::report::case;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{process, thread, time};

/// More of what a program printed is not shown.
const SHOWN: usize = 240;
/// A longer line is no answer.
const LONGEST: u64 = 1 << 28;

/// Strategies that files may name here: programs, too.
pub(super) fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.allow_commands(|command| Arc::new(External::new(command)));
    registry
}

/// A program, started when it is first asked.
struct External {
    command: Command,
    name: String,
    state: Mutex<State>,
}

enum State {
    Idle,
    Running(Running),
    /// It has failed; it is not asked again.
    Failed(String),
}

struct Running {
    child: Child,
    input: ChildStdin,
    lines: Receiver<Option<String>>,
    complaints: Arc<Mutex<String>>,
    asked: u64,
}

/// Partitions of topics: `[["t1",[0,2]]]`.
type Runs = Vec<(Name, Vec<u32>)>;

/// An answer as a program writes it.
#[derive(Deserialize)]
struct Reply {
    result: Option<BTreeMap<Name, Runs>>,
    error: Option<String>,
}

impl External {
    fn new(command: Command) -> Self {
        let name = command.words.join(" ");
        External { command, name, state: Mutex::new(State::Idle) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self) -> Result<Running, String> {
        let (program, arguments) = self.command.words.split_first().ok_or("it has no name")?;
        let mut command = process::Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("it can't be started: {error}"))?;
        let (input, output, errors) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = (input, output, errors) else {
            return Err("it can't be talked to".to_owned());
        };
        let (send, lines) = mpsc::channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            loop {
                let mut bytes = Vec::new();
                let read = (&mut output).take(LONGEST).read_until(b'\n', &mut bytes);
                let ended = read.is_err() || bytes.is_empty();
                let line = (!ended).then(|| String::from_utf8_lossy(&bytes).trim_end().to_owned());
                if send.send(line).is_err() || ended {
                    break;
                }
            }
        });
        let complaints = Arc::new(Mutex::new(String::new()));
        let kept = complaints.clone();
        thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                print::err(&format!("{line}\n"));
                line.clone_into(&mut kept.lock().unwrap_or_else(PoisonError::into_inner));
            }
        });
        Ok(Running { child, input, lines, complaints, asked: 0 })
    }

    /// The line that answers a question.
    fn ask(&self, running: &mut Running, question: &Question) -> Result<String, String> {
        running.asked += 1;
        let line = case::line(&running.asked.to_string(), &self.name, question);
        let sent = writeln!(running.input, "{line}").and_then(|()| running.input.flush());
        if sent.is_err() {
            return Err(running.ended("it does not read its standard input"));
        }
        let limit = self.command.limit;
        match running.lines.recv_timeout(time::Duration::from_micros(limit.as_us())) {
            Ok(Some(line)) => Ok(line),
            Ok(None) | Err(RecvTimeoutError::Disconnected) => {
                Err(running.ended("it ended without an answer"))
            }
            Err(RecvTimeoutError::Timeout) => Err(format!("it did not answer within {limit}")),
        }
    }
}

impl Running {
    /// Why a program that has ended did so.
    fn ended(&mut self, what: &str) -> String {
        // It has closed its output: what it still has to do is to go away.
        let _ = self.child.kill();
        let status = self.child.wait().map(|status| format!(" ({status})")).unwrap_or_default();
        let last = self.complaints.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let last = if last.is_empty() { last } else { format!("; its last words: {}", cut(&last)) };
        format!("{what}{status}{last}")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Assignor for External {
    fn name(&self) -> &str {
        &self.name
    }

    fn assign(&self, question: &Question) -> Result<Answer, AssignError> {
        let mut state = self.state();
        if let State::Idle = *state {
            *state = match self.start() {
                Ok(running) => State::Running(running),
                Err(why) => State::Failed(why),
            };
        }
        let answered = match &mut *state {
            State::Running(running) => self
                .ask(running, question)
                .and_then(|line| answer(question, &line).map_err(|why| printed(&why, &line))),
            State::Failed(why) => Err(why.clone()),
            State::Idle => Err("it was not started".to_owned()),
        };
        answered.map_err(|why| {
            *state = State::Failed(why.clone());
            AssignError::Failed(format!("the strategy `{}`: {why}", self.name))
        })
    }

    /// Programs learn what members had, also in groups that give everything up before they join.
    fn user_data(&self, last: Option<(&[TopicPartitions], i32)>) -> Option<Vec<u8>> {
        last.map(|(partitions, generation)| user_data::sticky(partitions, generation))
    }
}

/// Reads an answer; the error says what is wrong with it.
fn answer(question: &Question, line: &str) -> Result<Answer, String> {
    let reply: Reply = serde_json::from_str(line).map_err(|error| {
        if error.is_data() {
            format!("this is no answer ({error})")
        } else {
            format!("this is not JSON ({error})")
        }
    })?;
    if let Some(error) = reply.error {
        return Err(format!("it says: {}", cut(&error)));
    }
    let mut result = reply.result.ok_or("there is neither `result` nor `error`")?;
    let names: Vec<Name> = question.topics.iter().map(|topic| topic.name.clone()).collect();
    let place = |name: &Name, index: u32| {
        let place = names.iter().position(|known| known == name);
        place.map(|place| (place as u32, index)).ok_or_else(|| format!("unknown topic {name:?}"))
    };
    let mut answer = Answer::new(names.clone());
    for member in &question.members {
        let runs = result.remove(&member.id).unwrap_or_default();
        let partitions =
            runs.iter().flat_map(|(topic, indexes)| indexes.iter().map(move |&n| (topic, n)));
        let partitions: Result<Vec<_>, _> = partitions.map(|(topic, n)| place(topic, n)).collect();
        answer.push(member.id.clone(), partitions?);
    }
    if let Some(stranger) = result.keys().next() {
        return Err(format!("unknown member {stranger:?}"));
    }
    check(question, &answer).map_err(|flaw| flaw.to_string())?;
    Ok(answer)
}

fn printed(why: &str, line: &str) -> String {
    format!("{why}; it printed: {}", cut(line))
}

fn cut(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut shown: String = plain.clone().take(SHOWN).collect();
    if plain.count() > SHOWN {
        shown.push('…');
    }
    shown
}
