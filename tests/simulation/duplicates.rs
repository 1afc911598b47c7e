//! At least once: what is processed and not committed comes again.

use crate::{Facts, run_with_facts, scenario};
use rejoin::kernel::time::Instant;
use rejoin::model::fact::{ConsumerFact, Fact};
use rejoin::model::id::{GroupId, PartitionId};
use rejoin::trace::cause::{Cause, How};
use std::fs;
use std::path::Path;

/// Records of a partition that were processed by `at` and not committed then.
fn uncommitted(facts: &Facts, partition: PartitionId, at: Instant) -> u64 {
    let (mut processed, mut committed) = (0, 0);
    for (_, fact) in facts.facts.iter().take_while(|(when, _)| *when <= at) {
        let Fact::Consumer { what, .. } = fact else { continue };
        match what {
            ConsumerFact::Processed(batch) if batch.partition == partition => processed = batch.to,
            ConsumerFact::Committed { offsets, .. } => {
                let ours = offsets.iter().filter(|(p, _)| *p == partition);
                committed = ours.map(|(_, offset)| *offset).next_back().unwrap_or(committed);
            }
            _ => {}
        }
    }
    processed - committed
}

#[test]
fn a_crash_repeats_exactly_what_was_processed_since_the_last_commit() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/lessons/resume-after-crash.toml");
    let text = fs::read_to_string(path).unwrap();
    for seconds in [36, 40, 43] {
        let scenario = scenario(&text.replace(r#"at = "40s""#, &format!("at = \"{seconds}s\"")));
        let (run, facts) = run_with_facts(&scenario);
        let struck = facts.facts.iter().find_map(|(at, fact)| match fact {
            Fact::Consumer { consumer, what: ConsumerFact::Crashed } => Some((*at, *consumer)),
            _ => None,
        });
        let (at, dead) = struck.expect("somebody crashes");
        let owned = facts.facts.iter().rev().find_map(|(when, fact)| match fact {
            Fact::Consumer { consumer, what: ConsumerFact::Assigned { partitions, .. } }
                if *consumer == dead && *when < at =>
            {
                Some(partitions.clone())
            }
            _ => None,
        });
        let lost: u64 = owned.unwrap().into_iter().map(|p| uncommitted(&facts, p, at)).sum();
        assert!(lost > 100, "there is something to repeat");
        let repeated = run.trace.ledger.accounts(GroupId(0)).map(|(_, account)| {
            let crash = Cause { event: Some(0), how: How::Crash };
            assert!(account.duplicates.keys().all(|cause| *cause == crash));
            account.repeated()
        });
        assert_eq!(repeated.sum::<u64>(), lost, "crash at {seconds} s");
    }
}
