//! Answers that do not come, and connections that break.

use crate::brokers::{State, World, at, modern, settings};
use rejoin::client::effect::Note;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::id::BrokerId;

fn running(settings: ConsumerConfig) -> World {
    let mut world = World::new(settings, CommitMode::None);
    world.run_until(at(10_000));
    assert_eq!(world.noted(|note| *note == Note::Ready).len(), 1, "{:?}", world.notes);
    world
}

fn lost(note: &Note) -> bool {
    *note == Note::CoordinatorLost
}

#[test]
fn a_fetch_that_is_not_answered_is_given_up_after_the_request_timeout() {
    for settings in [settings(), modern()] {
        let mut world = running(settings);
        world.set(1, State::Silent);
        world.run_until(at(41_000));
        let fetches = |world: &World, from| {
            let asked = world.asked("Fetch", from);
            asked.iter().filter(|sent| sent.to == BrokerId(1)).map(|sent| sent.at).collect()
        };
        let asked: Vec<Instant> = fetches(&world, at(10_000));
        let last = asked.last_chunk::<2>().unwrap();
        let waited = last[1] - last[0];
        assert!(waited >= Span::from_secs(30) && waited < Span::from_ms(30_300), "{asked:?}");
        // Others are asked all the time, and metadata once more.
        assert!(world.asked("Fetch", at(10_000)).len() > 100);
        assert_eq!(world.asked("Metadata", at(10_000)).len(), 1);
        assert!(world.noted(lost).is_empty());
    }
}

#[test]
fn a_silent_coordinator_is_unknown_after_the_request_timeout() {
    for settings in [settings(), modern()] {
        let mut world = running(settings);
        let since = world.now;
        world.set(3, State::Silent);
        world.run_until(at(60_000));
        let unanswered = world.asked("Heartbeat", since).into_iter();
        let unanswered = unanswered.chain(world.asked("ConsumerGroupHeartbeat", since));
        let first = unanswered.map(|sent| sent.at).next().unwrap();
        let lost = world.noted(lost);
        let waited = lost[0] - first;
        assert!(waited >= Span::from_secs(30) && waited < Span::from_ms(30_200), "{lost:?}");
    }
}

#[test]
fn a_join_may_take_as_long_as_the_others_may_and_five_seconds() {
    let mut world = World::new(
        ConsumerConfig { max_poll_interval: Span::from_secs(60), ..settings() },
        CommitMode::None,
    );
    world.run_until(at(1));
    world.set(3, State::Silent);
    world.run_until(at(120_000));
    let joins = world.asked("JoinGroup", Instant::ZERO);
    let waited = world.noted(lost)[0] - joins[0].at;
    assert!(waited >= Span::from_secs(65) && waited < Span::from_ms(65_200), "{waited:?}");
}

#[test]
fn what_arrived_while_the_process_stood_still_is_not_overdue() {
    for settings in [settings(), modern()] {
        let mut world = running(settings);
        let beats = |world: &World| {
            let classic = world.asked("Heartbeat", at(10_000)).len();
            classic + world.asked("ConsumerGroupHeartbeat", at(10_000)).len()
        };
        while beats(&world) == 0 {
            let next = world.now + Span::from_ms(1);
            world.run_until(next);
        }
        let now = world.now;
        world.consumer.pause(now, Span::from_secs(40));
        world.run_until(now + Span::from_ms(40_100));
        // The metadata that are asked for when a connection breaks would show it.
        assert!(world.asked("Metadata", at(10_000)).is_empty());
    }
}
