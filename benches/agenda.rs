//! The agenda against std's binary heap, in the hold model: take the earliest event, push it again
//! later. Delays are those of a cluster at work: 70 % hops below 5 ms, 29 % polls and heartbeats
//! of 0.1 to 3 s, 1 % deadlines of 45 or 300 s.
//!
//! `cargo bench --bench agenda`; the items per second are events taken and pushed.

use divan::Bencher;
use divan::counter::ItemsCount;
use rejoin::kernel::agenda::Agenda;
use rejoin::kernel::time::{Instant, Span};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Holds in one sample.
const HOLDS: u32 = 200_000;
const PENDING: [usize; 3] = [1_000, 100_000, 1_000_000];

/// As large as the events of the simulator.
type Event = [u32; 3];

fn main() {
    divan::main();
}

#[divan::bench(args = PENDING)]
fn wheel(bencher: Bencher, pending: usize) {
    bench(bencher, pending, Agenda::<Event>::new());
}

#[divan::bench(args = PENDING)]
fn binary_heap(bencher: Bencher, pending: usize) {
    bench(bencher, pending, Heap::default());
}

fn bench(bencher: Bencher, pending: usize, mut queue: impl Queue) {
    let mut delays = Delays(7);
    for id in 0..pending as u32 {
        let (delay, rank) = delays.draw();
        queue.push(Instant::ZERO + delay, rank, [id, 0, 0]);
    }
    // Until most hops have given way to polls, as in a run that is under way.
    hold(&mut queue, &mut delays, 3 * pending as u32);
    let holds = ItemsCount::new(HOLDS);
    bencher.counter(holds).bench_local(|| hold(&mut queue, &mut delays, HOLDS));
}

fn hold(queue: &mut impl Queue, delays: &mut Delays, times: u32) {
    for _ in 0..times {
        let (now, event) = queue.pop();
        let (delay, rank) = delays.draw();
        queue.push(now + delay, rank, event);
    }
}

trait Queue {
    fn push(&mut self, at: Instant, rank: u8, event: Event);
    fn pop(&mut self) -> (Instant, Event);
}

impl Queue for Agenda<Event> {
    fn push(&mut self, at: Instant, rank: u8, event: Event) {
        Agenda::push(self, at, rank, event);
    }

    fn pop(&mut self) -> (Instant, Event) {
        let (at, _, event) = Agenda::pop(self).expect("a hold keeps the number pending");
        (at, event)
    }
}

/// The obvious agenda: a heap by time, rank and sequence.
#[derive(Default)]
struct Heap {
    heap: BinaryHeap<Reverse<(Instant, u8, u64, Event)>>,
    pushed: u64,
}

impl Queue for Heap {
    fn push(&mut self, at: Instant, rank: u8, event: Event) {
        self.heap.push(Reverse((at, rank, self.pushed, event)));
        self.pushed += 1;
    }

    fn pop(&mut self) -> (Instant, Event) {
        let Reverse((at, _, _, event)) = self.heap.pop().expect("a hold keeps the number pending");
        (at, event)
    }
}

/// Draws delays and ranks; an additive counter with a mixing finish, to cost next to nothing.
struct Delays(u64);

impl Delays {
    fn draw(&mut self) -> (Span, u8) {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut random = (self.0 ^ self.0 >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
        random = (random ^ random >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93);
        let value = random >> 8;
        let (us, rank) = match random % 100 {
            0..70 => (1 + value % 5_000, 2),
            70..99 => (100_000 + value % 2_900_000, 4),
            _ => ([45_000_000, 300_000_000][(value % 2) as usize], 1),
        };
        (Span::from_us(us), rank)
    }
}
