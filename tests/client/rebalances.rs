//! A classic member from one generation to the next, step by step (kafka-semantics 6.2;
//! `ConsumerCoordinator.onJoinPrepare`, `onJoinComplete`).

use crate::brokers::{State, World, at, settings};
use crate::steps::{COOPERATIVE, RANGE, auto_commit, member, refuse, share, steps};
use rejoin::client::effect::Note;
use rejoin::kernel::time::Span;
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::error::ErrorCode as Code;
use rejoin::model::message::group::HeartbeatResponse;
use rejoin::model::message::offset::OffsetCommitResponse;
use rejoin::model::message::{Request, Response};

const QUIET: [&str; 6] =
    ["Fetch", "Metadata", "OffsetFetch", "ListOffsets", "OffsetForLeaderEpoch", "Heartbeat"];

/// All that happens from 5 s on, in a line.
fn line(world: &World) -> String {
    let steps = steps(world, at(5_000), &QUIET);
    let words: Vec<&str> = steps.iter().map(|(_, step)| &**step).collect();
    words.join(" ")
}

/// The next heartbeat tells of a rebalance; the n-th share from then on has these partitions, the last
/// one for ever.
fn rebalance(world: &mut World, shares: &[&[u32]]) {
    let shares: Vec<Vec<u32>> = shares.iter().map(|share| share.to_vec()).collect();
    let (mut told, mut synced) = (false, 0);
    world.script = Box::new(move |sent| match &sent.request {
        Request::Heartbeat(_) if !std::mem::replace(&mut told, true) => {
            Some(Response::Heartbeat(HeartbeatResponse { error_code: Code::RebalanceInProgress }))
        }
        Request::SyncGroup(_) => {
            let partitions = shares[synced.min(shares.len() - 1)].clone();
            synced += 1;
            Some(share(partitions))
        }
        _ => None,
    });
}

/// An eager member gives everything up before it joins; a cooperative one keeps all, gives up what its
/// share lacks, joins once more, and hears of its new share even if it brings nothing new.
#[test]
fn what_is_given_up_and_when() {
    for (strategy, shares, expected) in [
        (RANGE, &[&[0, 1][..]][..], "revoked(3) JoinGroup(me,1,0) SyncGroup assigned(2)"),
        (RANGE, &[&[]], "revoked(3) JoinGroup(me,1,0) SyncGroup assigned(0)"),
        (COOPERATIVE, &[&[0, 1, 2]], "JoinGroup(me,1,3) SyncGroup assigned(3)"),
        (
            COOPERATIVE,
            &[&[0], &[0]],
            "JoinGroup(me,1,3) SyncGroup revoked(2) assigned(1) \
             JoinGroup(me,1,1) SyncGroup assigned(1)",
        ),
        (
            COOPERATIVE,
            &[&[], &[2]],
            "JoinGroup(me,1,3) SyncGroup revoked(3) assigned(0) \
             JoinGroup(me,1,0) SyncGroup assigned(1)",
        ),
    ] {
        let mut world = member(strategy, settings(), CommitMode::None);
        rebalance(&mut world, shares);
        world.run_until(at(8_500));
        assert_eq!(line(&world), expected, "{strategy} {shares:?}");
    }
}

/// An eager member that owns nothing is told to give nothing up; a cooperative one is not.
#[test]
fn a_member_without_partitions() {
    for (strategy, expected) in [
        (RANGE, "revoked(0) JoinGroup(me,1,0) SyncGroup assigned(0)"),
        (COOPERATIVE, "JoinGroup(me,1,0) SyncGroup assigned(0)"),
    ] {
        let mut world = member(strategy, settings(), CommitMode::None);
        rebalance(&mut world, &[&[]]);
        world.run_until(at(8_500));
        rebalance(&mut world, &[&[]]);
        world.run_until(at(13_000));
        assert!(line(&world).ends_with(&format!("assigned(0) {expected}")), "{}", line(&world));
    }
}

/// While others keep a member waiting for its generation, it reads on what it keeps, if it keeps anything.
#[test]
fn only_a_cooperative_member_reads_while_it_joins() {
    for (strategy, reads) in [(RANGE, 0), (COOPERATIVE, 3)] {
        let mut world = member(strategy, settings(), CommitMode::None);
        rebalance(&mut world, &[&[0, 1, 2]]);
        world.delay = Box::new(|request| match request {
            Request::JoinGroup(_) => Span::from_secs(5),
            _ => Span::ZERO,
        });
        world.run_until(at(7_000));
        world.end = 20;
        world.run_until(at(10_500));
        let read = |note: &Note| matches!(note, Note::Processed(p) if p.to == 20);
        assert_eq!(world.noted(read).len(), reads, "{strategy}");
        world.run_until(at(13_000));
        assert_eq!(world.noted(read).len(), 3, "{strategy}");
    }
}

/// What an eager member has in its buffer when it begins to commit is not returned any more: the commit
/// would not cover it. A cooperative member goes on.
#[test]
fn what_comes_while_the_commit_before_a_join_is_under_way() {
    for (strategy, reads) in [(RANGE, 0), (COOPERATIVE, 3)] {
        let mut world = member(strategy, auto_commit(), CommitMode::Auto);
        rebalance(&mut world, &[&[0, 1, 2]]);
        world.delay = Box::new(|request| match request {
            Request::OffsetCommit(_) => Span::from_secs(3),
            _ => Span::ZERO,
        });
        world.run_until(at(7_000));
        world.end = 20;
        world.run_until(at(8_900));
        let read = |note: &Note| matches!(note, Note::Processed(p) if p.to == 20);
        assert_eq!(world.noted(read).len(), reads, "{strategy}");
        assert!(world.asked("JoinGroup", at(5_000)).is_empty());
        world.run_until(at(9_100));
        assert_eq!(world.asked("JoinGroup", at(5_000)).len(), 1, "{strategy}");
    }
}

/// The commit before a join may take as long as a rebalance; then the member joins without it.
#[test]
fn a_commit_before_a_join_that_does_not_end() {
    for state in [State::Up, State::Silent] {
        for strategy in [RANGE, COOPERATIVE] {
            let max_poll_interval = Span::from_secs(8);
            let settings = ConsumerConfig { max_poll_interval, ..auto_commit() };
            let mut world = member(strategy, settings, CommitMode::Auto);
            let mut told = false;
            world.script = Box::new(move |sent| match &sent.request {
                Request::Heartbeat(_) if !std::mem::replace(&mut told, true) => {
                    let error_code = Code::RebalanceInProgress;
                    Some(Response::Heartbeat(HeartbeatResponse { error_code }))
                }
                Request::OffsetCommit(commit) => {
                    let code = Code::CoordinatorLoadInProgress;
                    Some(OffsetCommitResponse::of_error(&commit.topics, code).into())
                }
                _ => None,
            });
            if state == State::Silent {
                world.delay = Box::new(|request| match request {
                    Request::OffsetCommit(_) => Span::from_secs(100),
                    _ => Span::ZERO,
                });
            }
            world.run_until(at(15_000));
            let commits = world.asked("OffsetCommit", at(5_000));
            let joins = world.asked("JoinGroup", at(5_000));
            assert_eq!(joins.len(), 1, "{state:?} {strategy} {}", commits.len());
            let waited = joins[0].at - commits[0].at;
            assert!(waited >= Span::from_secs(8), "{state:?} {strategy} {waited:?}");
            assert!(waited <= Span::from_ms(8_110), "{state:?} {strategy} {waited:?}");
        }
    }
}

/// The interval of auto-commit begins anew with each assignment, whether it brings anything or not.
#[test]
fn auto_commit_counts_from_the_assignment() {
    for strategy in [RANGE, COOPERATIVE] {
        let settings = ConsumerConfig { auto_commit_interval: Span::from_secs(4), ..auto_commit() };
        let mut world = member(strategy, settings, CommitMode::Auto);
        rebalance(&mut world, &[&[0, 1, 2]]);
        world.run_until(at(12_000));
        let assigned = *world.noted(|note| matches!(note, Note::Assigned { .. })).last().unwrap();
        let commits = world.asked("OffsetCommit", assigned);
        let waited = commits[0].at - assigned;
        assert!(waited >= Span::from_secs(4) && waited < Span::from_ms(4_110), "{waited:?}");
    }
}

/// The next call joins again, whoever else owes an answer.
#[test]
fn a_join_that_is_refused_while_another_answer_is_awaited() {
    let settings = ConsumerConfig { metadata_max_age: Span::from_ms(5_500), ..settings() };
    let mut world = member(RANGE, settings, CommitMode::None);
    refuse(
        &mut world,
        &[("Heartbeat", Code::RebalanceInProgress), ("JoinGroup", Code::CoordinatorLoadInProgress)],
    );
    world.delay = Box::new(|request| match request {
        Request::Metadata | Request::Fetch(_) => Span::from_secs(20),
        _ => Span::ZERO,
    });
    world.run_until(at(8_000));
    assert_eq!(world.asked("Metadata", at(5_000)).len(), 1);
    let joins = world.asked("JoinGroup", at(5_000));
    assert_eq!(joins.len(), 2);
    assert!(joins[0].at > world.asked("Metadata", at(5_000))[0].at);
    assert!(joins[1].at - joins[0].at <= Span::from_ms(102), "{joins:?}");
}
