//! When heartbeats go out, and who holds the heartbeat thread up (`AbstractCoordinator.HeartbeatThread`).

use crate::brokers::{World, at, settings};
use rejoin::client::consumer::Setup;
use rejoin::kernel::dist::Dist;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::CommitMode;
use rejoin::model::message::Request;

fn beats(world: &World, since: Instant) -> Vec<Instant> {
    world.asked("Heartbeat", since).iter().map(|sent| sent.at).collect()
}

#[test]
fn who_polls_keeps_the_rhythm_to_a_millisecond_or_two() {
    let mut world = World::new(settings(), CommitMode::None);
    world.run_until(at(61_000));
    let beats = beats(&world, Instant::ZERO);
    let late = (beats[19] - beats[0]) - Span::from_ms(19 * 3_000);
    assert!(late >= Span::from_ms(19) && late <= Span::from_ms(2 * 19), "{beats:?}");
    // They go out less than 3 ms after a whole millisecond in which they were due.
    let gaps: Vec<u64> = beats.windows(2).map(|pair| (pair[1] - pair[0]).as_us()).collect();
    assert!(gaps.iter().all(|&gap| (2_999_000..=3_003_000).contains(&gap)), "{gaps:?}");
}

#[test]
fn who_works_is_late_by_each_wait_of_the_thread() {
    let busy = |setup: &mut Setup| setup.application.process = Dist::Fixed(10_000_000);
    let mut world = World::with(settings(), CommitMode::None, busy);
    world.run_until(at(2_000));
    world.end = 10;
    world.run_until(at(60_000));
    let beats = beats(&world, at(6_000));
    // Thirty waits of 100.3 ms.
    assert!(beats.len() > 10);
    for pair in beats.windows(2) {
        assert_eq!(pair[1] - pair[0], Span::from_us(30 * 100_300), "{beats:?}");
    }
}

#[test]
fn a_commit_without_an_answer_keeps_the_heartbeat_thread_from_the_network() {
    let mut world = World::new(settings(), CommitMode::SyncBatch);
    world.run_until(at(1_500));
    world.delay = Box::new(|request| match request {
        Request::OffsetCommit(_) => Span::from_ms(2_500),
        _ => Span::ZERO,
    });
    world.end = 10;
    world.run_until(at(2_200));
    let commit = world.asked("OffsetCommit", at(1_500))[0].at;
    world.run_until(at(6_000));
    // The heartbeat is due after 3 s. What comes before is the answer to the fetch that was sent ahead.
    let (first, answered) = (beats(&world, commit)[0], commit + Span::from_ms(2_502));
    assert!(commit < at(2_200) && answered > at(3_200), "{commit:?}");
    assert!(first >= answered && first <= answered + Span::from_ms(110), "{first:?} {answered:?}");
}
