//! Subscription by a pattern: which topics there are, a member asks before it joins
//! (`ConsumerCoordinator.poll`).

use crate::brokers::{Sent, World, at, settings};
use rejoin::client::consumer::Setup;
use rejoin::client::subscription::Topics;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::CommitMode;
use rejoin::model::error::ErrorCode;
use rejoin::model::message::Request;
use rejoin::model::message::group::HeartbeatResponse;

/// A member that owns something, by a pattern, and is told after 10 s that the group rebalances.
fn told_to_rejoin() -> (World, Instant) {
    let pattern = |setup: &mut Setup| {
        setup.topics = Topics::Pattern(regex_lite::Regex::new("^orders$").unwrap());
    };
    let mut world = World::with(settings(), CommitMode::None, pattern);
    world.run_until(at(10_000));
    let mut told = false;
    world.script = Box::new(move |sent| {
        let Request::Heartbeat(_) = &sent.request else { return None };
        let first = !std::mem::replace(&mut told, true);
        let error_code = ErrorCode::RebalanceInProgress;
        first.then(|| HeartbeatResponse { error_code }.into())
    });
    let since = world.now;
    (world, since)
}

fn moments(asked: &[&Sent]) -> Vec<Instant> {
    asked.iter().map(|sent| sent.at).collect()
}

#[test]
fn a_member_asks_which_topics_there_are_before_it_joins() {
    let (mut world, since) = told_to_rejoin();
    world.delay = Box::new(|request| match request {
        Request::Metadata => Span::from_ms(40),
        _ => Span::ZERO,
    });
    world.run_until(since + Span::from_secs(5));
    let metadata = moments(&world.asked("Metadata", since));
    let joins = moments(&world.asked("JoinGroup", since));
    let beat = world.asked("Heartbeat", since)[0].at;
    assert_eq!((metadata.len(), joins.len()), (1, 1));
    assert_eq!(metadata[0] - beat, Span::from_ms(2));
    assert_eq!(joins[0] - metadata[0], Span::from_ms(42));
}

#[test]
fn it_does_not_ask_again_within_the_backoff() {
    let (mut world, since) = told_to_rejoin();
    // Told that a rebalance goes on, it tries again at once.
    let mut script = std::mem::replace(&mut world.script, Box::new(|_| None));
    let mut left = 3;
    world.script = Box::new(move |sent| {
        use rejoin::model::message::group::SyncGroupResponse;
        let Request::SyncGroup(_) = &sent.request else { return script(sent) };
        left -= i32::from(left >= 0);
        let error_code = ErrorCode::RebalanceInProgress;
        (left >= 0).then(|| SyncGroupResponse { error_code, ..SyncGroupResponse::default() }.into())
    });
    world.run_until(since + Span::from_secs(5));
    assert_eq!(world.asked("JoinGroup", since).len(), 4);
    assert_eq!(world.asked("Metadata", since).len(), 1);
}

#[test]
fn without_an_answer_it_returns_what_it_has_and_asks_on() {
    let (mut world, since) = told_to_rejoin();
    world.delay = Box::new(|request| match request {
        Request::Metadata => Span::from_ms(1_000),
        _ => Span::ZERO,
    });
    world.run_until(since + Span::from_secs(6));
    let metadata = moments(&world.asked("Metadata", since));
    // While it waits the member goes on reading.
    let fetches = world.asked("Fetch", metadata[0] + Span::from_ms(1));
    assert!(fetches[0].at < metadata[0] + Span::from_ms(900), "{fetches:?}");
    let joins = moments(&world.asked("JoinGroup", since));
    assert_eq!(joins[0] - metadata[0], Span::from_ms(1_002));
}
