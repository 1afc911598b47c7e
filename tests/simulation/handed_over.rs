//! Records that another thread processes while the application polls: what comes twice, or never.

use crate::duplicates;
use crate::handwritten::{
    FIRST, GROUP as ID, PARTITION, SECOND, assigned, consumer, generation, positioned, processed,
    tell, trace_of,
};
use rejoin::model::fact::{ConsumerFact, Fact};
use rejoin::trace::cause::How;

/// Two consumers, two partitions, ten records a second in each, of which each takes 50 ms.
const GROUP: &str = r#"
duration = "90s"

[topics.orders]
partitions = 2

[producers.shop]
topic = "orders"
rate = "20/s"
partitioner = "round-robin"

[groups.search]
topics = ["orders"]
consumers = 2
process = "50ms"
poll_while_processing = "WHEN_REVOKED"
commit = "COMMIT"

[groups.search.config]
auto.offset.reset = "earliest"
max.poll.interval.ms = 10000
session.timeout.ms = 10000
"#;

/// What was repeated and what was skipped: the number of the event behind it, from 1, and how.
fn causes(when_revoked: &str, commit: &str, events: &str) -> (Vec<String>, Vec<String>) {
    let text = GROUP.replace("WHEN_REVOKED", when_revoked).replace("COMMIT", commit);
    duplicates::causes(&format!("{text}{events}"))
}

const SLOW: &str = "[[events]]\nat = '30s'\nslow = 'search'\nfactor = 200\nfor = '40s'\n";

/// Ten seconds a record: a batch outlives the next auto-commit.
#[test]
fn what_auto_commit_committed_too_early_is_skipped_when_the_process_dies() {
    let crash = format!("{SLOW}[[events]]\nat = '48s'\ncrash = 'search'\nrestart_after = '1s'\n");
    let (repeated, skipped) = causes("wait", "auto", &crash);
    assert_eq!(skipped, ["2 commit"], "{repeated:?}");
    let (repeated, skipped) = causes("wait", "sync-batch", &crash);
    assert_eq!((repeated, skipped), (vec![], vec![]), "the record in hand is not done");
}

/// An eager rebalance while a batch is under way: who drops it and does not wait reads the record in hand
/// twice, who waits for it commits it.
#[test]
fn a_rebalance_repeats_the_record_in_hand_of_who_does_not_wait() {
    let join = format!("{SLOW}[[events]]\nat = '48s'\nstart = 'search'\n");
    assert_eq!(causes("drop", "sync-batch", &join), (vec!["2 rebalance".to_owned()], vec![]));
    assert_eq!(causes("wait", "sync-batch", &join), (vec![], vec![]));
}

/// What a member had done when it was cut off is repeated by one whose auto-commit comes before it has
/// processed anything: the cause is still what cut the first one off.
#[test]
fn an_early_commit_does_not_hide_why_records_come_twice() {
    for habit in ["poll_while_processing = 'drop'", "commit = 'before-batch'"] {
        let mut trace = trace_of(habit);
        let of = |who, what: Fact| match what {
            Fact::Consumer { what, .. } => consumer(who, what),
            other => other,
        };
        tell(&mut trace, assigned(FIRST, 1)).unwrap();
        tell(&mut trace, processed(0, 20)).unwrap();
        tell(&mut trace, consumer(FIRST, ConsumerFact::PollTimeout)).unwrap();
        tell(&mut trace, consumer(FIRST, ConsumerFact::Lost(vec![PARTITION]))).unwrap();
        tell(&mut trace, generation(2)).unwrap();
        tell(&mut trace, assigned(SECOND, 2)).unwrap();
        tell(&mut trace, of(SECOND, positioned(0))).unwrap();
        let (member, offsets) = ("search-2".into(), vec![(PARTITION, 30)]);
        let early = ConsumerFact::Committed { generation: 2, member, offsets };
        tell(&mut trace, consumer(SECOND, early)).unwrap();
        tell(&mut trace, of(SECOND, processed(0, 30))).unwrap();
        let account = trace.ledger.account(ID, PARTITION).unwrap();
        let repeated: Vec<_> =
            account.duplicates.iter().map(|(cause, n)| (cause.how, *n)).collect();
        assert_eq!(repeated, [(How::PollTimeout, 20)], "{habit}");
    }
}
