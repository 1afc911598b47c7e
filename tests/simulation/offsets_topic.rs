//! `__consumer_offsets` as a topic: commits wait for its replicas, coordinators read it before they
//! serve, and what nobody needs any more leaves it.

use super::{Facts, run_with_facts, scenario};
use rejoin::kernel::time::Instant;
use rejoin::model::error::ErrorCode;
use rejoin::model::fact::{BrokerFact, ConsumerFact, Fact, GroupFact, PositionSource};
use rejoin::model::id::{BrokerId, GroupId};
use rejoin::scenario::Scenario;
use rejoin::trace::{Answer, Api, Observer};
use rejoin::world;

/// What coordinators answered.
#[derive(Default)]
struct Answers(Vec<(Instant, Answer)>);

impl Observer for Answers {
    fn fact(&mut self, _: Instant, _: &Fact) {}

    fn answer(&mut self, at: Instant, answer: &Answer) {
        self.0.push((at, *answer));
    }
}

impl Answers {
    fn of(scenario: &Scenario) -> Self {
        let mut answers = Answers::default();
        let run = world::run(scenario, &mut answers, &mut |_| ());
        assert_eq!(run.violation, None);
        answers
    }

    /// Milliseconds from each commit that was sent within these seconds to its answer, with that.
    fn commits(&self, from: u64, to: u64) -> Vec<(f64, ErrorCode)> {
        let sent = Instant::from_secs(from)..Instant::from_secs(to);
        let commits = self.0.iter().filter(|(_, answer)| answer.api == Api::OffsetCommit);
        let within = commits.filter(|(_, answer)| sent.contains(&answer.sent));
        within.map(|(at, a)| (at.since(a.sent).as_us() as f64 / 1e3, a.error)).collect()
    }
}

/// Three brokers, each a millisecond from everybody. Broker 1 has the records; broker 2 coordinates, and
/// the others follow it. The consumer commits after each batch.
fn cluster(rate: u32, settings: &str, events: &str) -> Scenario {
    scenario(&format!(
        "duration = '80s'
         [cluster]
         brokers = 3
         latency = '1ms'
         config = {{ {settings} }}
         [topics.orders]
         replicas = [[1]]
         [producers.shop]
         topic = 'orders'
         rate = '{rate}/s'
         [groups.search]
         topics = ['orders']
         consumers = 1
         coordinator = 2
         commit = 'sync-batch'
         config = {{ auto.offset.reset = 'earliest' }}
         {events}"
    ))
}

#[test]
fn a_commit_is_answered_when_the_replicas_in_sync_have_it() {
    // Alone: there and back. With followers: they fetch it, and say so with their next fetch.
    for (replicas, ms) in [(1, 2.0), (3, 4.0)] {
        let settings = format!("offsets.topic.replication.factor = {replicas}");
        let commits = Answers::of(&cluster(20, &settings, "")).commits(10, 79);
        assert!(commits.len() > 1_000, "{replicas}: {}", commits.len());
        assert!(commits.iter().all(|commit| *commit == (ms, ErrorCode::None)), "{commits:?}");
    }
}

#[test]
fn a_dead_follower_holds_commits_up_until_it_is_fenced() {
    let events = "[[events]]\nat = '60s'\nkill_broker = 'broker-3'";
    let scenario = cluster(20, "min.insync.replicas = 2", events);
    let (_, facts) = run_with_facts(&scenario);
    let fenced = facts
        .facts
        .iter()
        .find(|(_, fact)| *fact == Fact::Broker { broker: BrokerId(3), what: BrokerFact::Fenced });
    let fenced = fenced.unwrap().0;
    let commits = Answers::of(&scenario).commits(60, 75);
    let held: Vec<_> = commits.iter().filter(|(ms, _)| *ms > 4.0).collect();
    // offsets.commit.timeout.ms, then the client looks for its coordinator and tries again.
    assert_eq!(*held[0], (5_002.0, ErrorCode::CoordinatorNotAvailable));
    let (ms, error) = *held[1];
    assert_eq!(error, ErrorCode::None);
    // The first was on its way for 5 s; the second one's answer follows the fencing.
    let answers = Answers::of(&scenario);
    let commits = answers.0.iter().filter(|(_, answer)| answer.api == Api::OffsetCommit);
    let late = commits.filter(|(at, a)| at.since(a.sent).as_us() > 4_000).nth(1).unwrap();
    assert_eq!(late.0.since(fenced).as_us(), 1_000, "{ms} ms");
    assert_eq!(held.len(), 2, "{held:?}");
}

#[test]
fn too_few_replicas_in_sync_refuse_commits_at_once() {
    // Records come each 50 ms: nothing is on its way when the follower goes.
    let events = "[[events]]\nat = '60025ms'\nstop_broker = 'broker-3'";
    let commits = Answers::of(&cluster(20, "min.insync.replicas = 3", events)).commits(61, 79);
    assert!(commits.len() > 10, "{}", commits.len());
    let refused = (2.0, ErrorCode::CoordinatorNotAvailable);
    assert!(commits.iter().all(|commit| *commit == refused), "{commits:?}");
}

/// What a new coordinator had to read, and how long that took (s).
fn loading(facts: &Facts) -> Vec<(u64, f64)> {
    let loading = facts.facts.iter().filter_map(|(at, fact)| match fact {
        Fact::Group { what: GroupFact::Loading { records, until, .. }, .. } => {
            Some((*records, until.since(*at).as_secs_f64()))
        }
        _ => None,
    });
    loading.collect()
}

#[test]
fn a_new_coordinator_reads_what_compaction_has_left() {
    // Four partitions, committed some thousand times each; every member commits all that it owns.
    let text = |load_rate: u32| {
        format!(
            "duration = '120s'
             [cluster]
             brokers = 3
             load_rate = {load_rate}
             [topics.orders]
             replicas = [[1], [1], [1], [1]]
             [producers.shop]
             topic = 'orders'
             rate = '50/s'
             partitioner = 'round-robin'
             [groups.search]
             topics = ['orders']
             consumers = 2
             coordinator = 2
             commit = 'sync-record'
             config = {{ auto.offset.reset = 'earliest' }}
             [[events]]
             at = '90s'
             kill_broker = 'broker-2'"
        )
    };
    for load_rate in [1, 10] {
        let (_, facts) = run_with_facts(&scenario(&text(load_rate)));
        // Four offsets and the group with its members.
        let records = 4 + 1;
        assert_eq!(loading(&facts), [(records, records as f64 / f64::from(load_rate))]);
        let commits = facts.facts.iter().filter(|(_, fact)| {
            matches!(fact, Fact::Consumer { what: ConsumerFact::Committed { .. }, .. })
        });
        assert!(commits.count() > 3_000);
    }
}

#[test]
fn clients_hear_who_does_not_coordinate_and_who_does_not_yet() {
    let events = "[[events]]\nat = '60s'\nstop_broker = 'broker-2'";
    // Often enough for a commit to meet the broker that leads no longer and is not gone yet.
    let mut scenario = cluster(200, "", events);
    // The group and one offset.
    scenario.cluster.load_rate = 1;
    let (_, facts) = run_with_facts(&scenario);
    assert_eq!(loading(&facts), [(2, 2.0)]);
    let moment = |wanted: fn(&GroupFact) -> bool| {
        let found = facts
            .facts
            .iter()
            .find(|(_, fact)| matches!(fact, Fact::Group { what, .. } if wanted(what)));
        found.unwrap().0
    };
    let lost = moment(|what| matches!(what, GroupFact::CoordinatorLost { .. }));
    let loaded = moment(|what| matches!(what, GroupFact::Loaded { .. }));
    let answers = Answers::of(&scenario).0;
    let errors = |api: Api| -> Vec<ErrorCode> {
        let here = answers.iter().filter(|(at, answer)| answer.api == api && *at > lost);
        let mut errors: Vec<ErrorCode> =
            here.filter(|(at, _)| *at < loaded).map(|(_, answer)| answer.error).collect();
        errors.dedup();
        errors
    };
    let commits = errors(Api::OffsetCommit);
    assert_eq!(commits, [ErrorCode::NotCoordinator, ErrorCode::CoordinatorLoadInProgress]);
    // Who is alive stays alive meanwhile.
    assert!(errors(Api::Heartbeat).iter().all(|error| error.is_none()));
    let after = answers.iter().find(|(at, a)| a.api == Api::OffsetCommit && *at > loaded);
    assert_eq!(after.unwrap().1.error, ErrorCode::None);
}

/// A group stops after 610 s and comes back at `back`; offsets are kept for 20 min, and coordinators look
/// every 10 min.
fn forgetful(protocol: &str, back: &str) -> Scenario {
    scenario(&format!(
        "duration = '50m'
         resolution = '1s'
         [cluster]
         brokers = 3
         config = {{ offsets.retention.minutes = 20 }}
         [topics.orders]
         [producers.shop]
         topic = 'orders'
         rate = '1/s'
         [groups.search]
         topics = ['orders']
         consumers = 1
         commit = 'sync-batch'
         config = {{ group.protocol = '{protocol}', auto.offset.reset = 'earliest' }}
         [[events]]
         at = '610s'
         close = 'search-1'
         [[events]]
         at = '{back}'
         start = 'search-1'"
    ))
}

fn group_facts(facts: &Facts, wanted: fn(&GroupFact) -> bool) -> Vec<f64> {
    let found = facts.facts.iter().filter(
        |(_, fact)| matches!(fact, Fact::Group { group: GroupId(0), what } if wanted(what)),
    );
    found.map(|(at, _)| at.since(Instant::ZERO).as_secs_f64()).collect()
}

/// The offsets at which consumers of the first group began to read, and where that came from.
fn positions(facts: &Facts) -> Vec<(u64, PositionSource)> {
    let found = facts.facts.iter().filter_map(|(_, fact)| match fact {
        Fact::Consumer { what: ConsumerFact::Positioned { offset, source, .. }, .. } => {
            Some((*offset, *source))
        }
        _ => None,
    });
    found.collect()
}

#[test]
fn offsets_of_an_empty_group_go_after_their_time_and_the_group_with_them() {
    for protocol in ["classic", "consumer"] {
        let (run, facts) = run_with_facts(&forgetful(protocol, "45m"));
        // Too old at 1,810 s: seen with the next look.
        let deleted = group_facts(&facts, |what| matches!(what, GroupFact::OffsetsDeleted { .. }));
        assert_eq!(deleted.iter().map(|at| at.floor()).collect::<Vec<_>>(), [2_400.0]);
        let gone = group_facts(&facts, |what| *what == GroupFact::Deleted);
        assert_eq!(gone.len(), 1, "{protocol}");
        // It begins anew, as `auto.offset.reset` says: everything comes again.
        assert_eq!(positions(&facts)[1], (0, PositionSource::Reset), "{protocol}");
        let account = run.trace.ledger.accounts(GroupId(0)).next().unwrap().1;
        // All of the first time, but for what came while it closed.
        assert!((609..=610).contains(&account.repeated()), "{protocol}: {account:?}");
        let live = &run.trace.live.groups[0];
        // A new group counts from the beginning; under KIP-848 its epochs do.
        assert_eq!(live.generation, if protocol == "classic" { 1 } else { 2 }, "{protocol}");
    }
}

#[test]
fn who_comes_back_in_time_goes_on() {
    for protocol in ["classic", "consumer"] {
        let (run, facts) = run_with_facts(&forgetful(protocol, "1805s"));
        assert_eq!(positions(&facts)[1].1, PositionSource::Committed, "{protocol}");
        assert!(group_facts(&facts, |what| *what == GroupFact::Deleted).is_empty());
        let account = run.trace.ledger.accounts(GroupId(0)).next().unwrap().1;
        assert_eq!(account.repeated(), 0);
    }
}

#[test]
fn offsets_of_topics_that_are_read_stay_however_old() {
    // Nothing comes after 10 min, so nothing is committed any more; the member stays.
    for protocol in ["classic", "consumer"] {
        let mut scenario = forgetful(protocol, "45m");
        scenario.events.clear();
        scenario.producers[0].stop = Instant::from_secs(600);
        let (run, facts) = run_with_facts(&scenario);
        let deleted = group_facts(&facts, |what| matches!(what, GroupFact::OffsetsDeleted { .. }));
        assert!(deleted.is_empty(), "{protocol}");
        assert_eq!(run.trace.live.groups[0].committed, [Some(600)], "{protocol}");
    }
}
