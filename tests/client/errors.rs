//! What a classic member does next for each error that each API may answer with (kafka-semantics 6.4;
//! `JoinGroupResponseHandler`, `SyncGroupResponseHandler`, `HeartbeatResponseHandler`).

use crate::brokers::{World, at, settings};
use crate::steps::{COOPERATIVE, RANGE, after, auto_commit, member, refuse, settings_for};
use rejoin::kernel::time::Span;
use rejoin::model::config::CommitMode;
use rejoin::model::error::ErrorCode as Code;

/// How soon the first step follows the request that was refused; an answer takes 2 ms.
#[derive(Clone, Copy, Debug)]
enum When {
    AtOnce,
    /// After a backoff of 80 to 120 ms.
    Backoff,
    /// In the next call of `poll`, which takes 100 ms at most, or when something arrives.
    NextCall,
}

impl When {
    fn holds(self, after: Span) -> bool {
        let range = match self {
            When::AtOnce => 2_000..=2_000,
            When::Backoff => 82_000..=122_500,
            When::NextCall => 2_000..=102_000,
        };
        range.contains(&after.as_us())
    }
}

/// What no step depends on.
const READS: [&str; 5] =
    ["Fetch", "Metadata", "OffsetFetch", "ListOffsets", "OffsetForLeaderEpoch"];

/// The same, and heartbeats.
const QUIET: [&str; 6] =
    ["Fetch", "Metadata", "OffsetFetch", "ListOffsets", "OffsetForLeaderEpoch", "Heartbeat"];

/// A member hears of a rebalance and joins; the request of this name is refused.
fn refused_in_a_rebalance(strategy: &str, api: &'static str, code: Code) -> World {
    let mut world = member(strategy, settings_for(code), CommitMode::None);
    refuse(&mut world, &[("Heartbeat", Code::RebalanceInProgress), (api, code)]);
    world.run_until(at(8_000));
    world
}

/// What a member that keeps its partitions does when its `JoinGroup` is refused, and one that gave
/// them up before.
#[test]
fn join_group() {
    let fatal = |code: Code| {
        let leaves = if code == Code::FencedInstanceId { "" } else { "LeaveGroup " };
        let words = ["lost(3) ", ""];
        let words = words.map(|lost| format!("throws(Refused({code:?})) {lost}{leaves}closed"));
        (code, When::AtOnce, words)
    };
    let goes_on = |code, when, cooperative: &str, eager: &str| {
        let end = |words| format!("{words} SyncGroup assigned(3)");
        (code, when, [end(cooperative), end(eager)])
    };
    let again = ["JoinGroup(me,1,3)", "JoinGroup(me,1,0)"];
    let find = ["FindCoordinator JoinGroup(me,1,3)", "FindCoordinator JoinGroup(me,1,0)"];
    let mut rows = vec![
        goes_on(
            Code::UnknownMemberId,
            When::AtOnce,
            "lost(3) JoinGroup(,-1,0)",
            "JoinGroup(,-1,0)",
        ),
        goes_on(Code::MemberIdRequired, When::AtOnce, "JoinGroup(you,-1,3)", "JoinGroup(you,-1,0)"),
        goes_on(Code::RebalanceInProgress, When::AtOnce, again[0], again[1]),
        goes_on(Code::CoordinatorLoadInProgress, When::NextCall, again[0], again[1]),
        goes_on(Code::CoordinatorNotAvailable, When::AtOnce, find[0], find[1]),
        goes_on(Code::NotCoordinator, When::AtOnce, find[0], find[1]),
    ];
    rows.extend([
        fatal(Code::FencedInstanceId),
        fatal(Code::InconsistentGroupProtocol),
        fatal(Code::InvalidSessionTimeout),
        fatal(Code::InvalidGroupId),
        fatal(Code::GroupMaxSizeReached),
        fatal(Code::UnsupportedVersion),
        fatal(Code::IllegalGeneration),
        fatal(Code::RequestTimedOut),
        fatal(Code::UnknownServerError),
    ]);
    for (code, when, expected) in rows {
        for (strategy, expected) in [COOPERATIVE, RANGE].into_iter().zip(expected) {
            let world = refused_in_a_rebalance(strategy, "JoinGroup", code);
            let (words, soon) = after(&world, "JoinGroup", &QUIET);
            assert_eq!(words, expected, "{code} {strategy}");
            assert!(when.holds(soon), "{code} {strategy} {when:?} {soon:?}");
        }
    }
}

/// The same for `SyncGroup`. That the coordinator is reading its groups is not foreseen there.
#[test]
fn sync_group() {
    let fatal = |code: Code| {
        let leaves = if code == Code::FencedInstanceId { "" } else { "LeaveGroup " };
        let words = ["lost(3) ", ""];
        let words = words.map(|lost| format!("throws(Refused({code:?})) {lost}{leaves}closed"));
        (code, words)
    };
    let goes_on = |code, cooperative: &str, eager: &str| {
        let end = |words| format!("{words} SyncGroup assigned(3)");
        (code, [end(cooperative), end(eager)])
    };
    let again = ["JoinGroup(me,1,3)", "JoinGroup(me,1,0)"];
    let find = ["FindCoordinator JoinGroup(me,1,3)", "FindCoordinator JoinGroup(me,1,0)"];
    let mut rows = vec![
        goes_on(Code::RebalanceInProgress, again[0], again[1]),
        goes_on(Code::UnknownMemberId, "lost(3) JoinGroup(,-1,0)", "JoinGroup(,-1,0)"),
        goes_on(Code::IllegalGeneration, "lost(3) JoinGroup(me,-1,0)", "JoinGroup(me,-1,0)"),
        goes_on(Code::CoordinatorNotAvailable, find[0], find[1]),
        goes_on(Code::NotCoordinator, find[0], find[1]),
    ];
    rows.extend([
        fatal(Code::FencedInstanceId),
        fatal(Code::CoordinatorLoadInProgress),
        fatal(Code::InconsistentGroupProtocol),
        fatal(Code::RequestTimedOut),
        fatal(Code::UnknownServerError),
    ]);
    for (code, expected) in rows {
        for (strategy, expected) in [COOPERATIVE, RANGE].into_iter().zip(expected) {
            let world = refused_in_a_rebalance(strategy, "SyncGroup", code);
            let (words, soon) = after(&world, "SyncGroup", &QUIET);
            assert_eq!(words, expected, "{code} {strategy}");
            assert!(When::AtOnce.holds(soon), "{code} {strategy} {soon:?}");
        }
    }
}

/// What a stable member does when a heartbeat is refused. The first heartbeats leave at 3 s and 6 s.
#[test]
fn heartbeat() {
    let rejoins =
        |gives: &str, joins: &str| format!("{gives} JoinGroup({joins}) SyncGroup assigned(3)");
    let rows = [
        (Code::RebalanceInProgress, When::AtOnce, rejoins("revoked(3)", "me,1,0")),
        (Code::IllegalGeneration, When::AtOnce, rejoins("lost(3)", "me,-1,0")),
        (Code::UnknownMemberId, When::AtOnce, rejoins("lost(3)", ",-1,0")),
        (
            Code::FencedInstanceId,
            When::AtOnce,
            "throws(Refused(FencedInstanceId)) lost(3) closed".to_owned(),
        ),
        (Code::NotCoordinator, When::AtOnce, "FindCoordinator Heartbeat".to_owned()),
        (Code::CoordinatorNotAvailable, When::AtOnce, "FindCoordinator Heartbeat".to_owned()),
        (Code::CoordinatorLoadInProgress, When::Backoff, "Heartbeat".to_owned()),
        (Code::InvalidGroupId, When::Backoff, "Heartbeat".to_owned()),
        (Code::UnknownServerError, When::Backoff, "Heartbeat".to_owned()),
    ];
    for (code, when, expected) in rows {
        let mut world = member(RANGE, settings_for(code), CommitMode::None);
        refuse(&mut world, &[("Heartbeat", code)]);
        world.run_until(at(8_500));
        let (words, soon) = after(&world, "Heartbeat", &READS);
        assert_eq!(words, expected, "{code}");
        assert!(when.holds(soon), "{code} {when:?} {soon:?}");
    }
}

/// A cooperative member keeps everything when it hears of a rebalance, and loses it with its generation.
#[test]
fn heartbeat_of_a_cooperative_member() {
    let rows = [
        (Code::RebalanceInProgress, "JoinGroup(me,1,3)"),
        (Code::IllegalGeneration, "lost(3) JoinGroup(me,-1,0)"),
        (Code::UnknownMemberId, "lost(3) JoinGroup(,-1,0)"),
    ];
    for (code, expected) in rows {
        let mut world = member(COOPERATIVE, settings(), CommitMode::None);
        refuse(&mut world, &[("Heartbeat", code)]);
        world.run_until(at(8_500));
        let (words, soon) = after(&world, "Heartbeat", &READS);
        let expected = format!("{expected} SyncGroup assigned(3)");
        assert_eq!(words, expected, "{code}");
        assert!(When::AtOnce.holds(soon), "{code} {soon:?}");
    }
}

/// A member that lost its place does not commit what it owned: somebody else may have got further.
#[test]
fn auto_commit_before_a_join() {
    let rows = [
        (Code::RebalanceInProgress, "OffsetCommit committed revoked(3) JoinGroup(me,1,0)"),
        (Code::IllegalGeneration, "lost(3) JoinGroup(me,-1,0)"),
        (Code::UnknownMemberId, "lost(3) JoinGroup(,-1,0)"),
    ];
    for (code, expected) in rows {
        let mut world = member(RANGE, auto_commit(), CommitMode::Auto);
        refuse(&mut world, &[("Heartbeat", code)]);
        world.run_until(at(8_500));
        let (words, _) = after(&world, "Heartbeat", &READS);
        assert_eq!(words, format!("{expected} SyncGroup assigned(3)"), "{code}");
    }
}
