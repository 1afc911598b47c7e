//! Whole runs, from the text of a scenario to what was seen.

mod acks;
mod broker_loss;
mod causes;
mod consumer_protocol;
mod determinism;
mod duplicates;
mod epochs;
mod fuzz;
mod handed_over;
mod handwritten;
mod incidents;
mod invariants;
mod latency;
mod lateness;
mod measures;
mod moved_keys;
mod nearest;
mod network;
mod offsets_topic;
mod partitioners;
mod positions;
mod racks;
mod rates;
mod retention;
mod shipped;
mod slow_broker;
mod static_members;
mod sticky_reference;
mod stragglers;
mod strategies;
mod topics;
mod unclean;

use rejoin::kernel::time::Instant;
use rejoin::model::fact::{ConsumerFact, Fact};
use rejoin::model::id::ConsumerId;
use rejoin::parse::{self, Source};
use rejoin::report::events::Lines;
use rejoin::scenario::Scenario;
use rejoin::trace::{ConsumerInfo, Observer};
use rejoin::world::{self, Run};

/// The scenario that a text describes, without its variants.
fn scenario(text: &str) -> Scenario {
    match parse::scenario(&Source::new("test.toml", text), &[]) {
        Ok(mut parsed) => parsed.runs.remove(0).scenario,
        Err(problems) => panic!("{problems}"),
    }
}

/// Runs a scenario and collects its `events.jsonl`.
fn run_with_lines(scenario: &Scenario) -> (Run, Vec<String>) {
    let mut lines = Vec::new();
    let mut observer = Lines::new(scenario, |line: &str| lines.push(line.to_owned()));
    let run = world::run(scenario, &mut observer, &mut |_| ());
    assert_eq!(run.violation, None, "no invariant breaks");
    assert_eq!(run.failed, None, "no strategy fails");
    (run, lines)
}

/// All facts of a run, those too that a trace does not keep.
#[derive(Default)]
struct Facts {
    consumers: Vec<ConsumerInfo>,
    facts: Vec<(Instant, Fact)>,
}

impl Observer for Facts {
    fn consumer(&mut self, info: &ConsumerInfo) {
        self.consumers.push(info.clone());
    }

    fn fact(&mut self, at: Instant, fact: &Fact) {
        self.facts.push((at, fact.clone()));
    }
}

/// Runs a scenario and collects everything that happened.
fn run_with_facts(scenario: &Scenario) -> (Run, Facts) {
    let mut facts = Facts::default();
    let run = world::run(scenario, &mut facts, &mut |_| ());
    assert_eq!(run.violation, None, "no invariant breaks");
    assert_eq!(run.failed, None, "no strategy fails");
    (run, facts)
}

/// When `poll` returned each record to a consumer of one partition, by offset.
fn returned(facts: &Facts, consumer: ConsumerId) -> Vec<Instant> {
    let mut moments = Vec::new();
    for (_, fact) in &facts.facts {
        if let Fact::Consumer { consumer: who, what: ConsumerFact::Processed(records) } = fact
            && *who == consumer
        {
            assert_eq!(records.from, moments.len() as u64, "each record once, in order");
            moments.extend((records.from..records.to).map(|_| records.returned));
        }
    }
    moments
}
