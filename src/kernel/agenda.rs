//! The event queue: what happens next, in one total order.
//!
//! Events leave in the order (time, rank, sequence of push): the stable sort of the pushes by time
//! and rank. An event pushed for the tick that is running comes after those of its rank that wait
//! already, and before those of higher ranks. Nothing can be pushed into the past.
//!
//! A hierarchical timing wheel (Varghese and Lauck, SOSP 1987) over microseconds, with 64 lanes a
//! level. Level `l + 1` holds the events whose time differs from now in its `l`-th digit of six
//! bits and in no higher one, each in the lane of that digit; eleven such levels span all 64 bits.
//! Level 0 is the running tick, with a lane for each rank. Lanes are first in, first out, so the
//! sequence needs no number and no comparison, and ranks are told apart only where a tick holds
//! more than one event. Cost of an event: at most one move per level, two or three in practice, at
//! any number of events pending.

mod fifo;

use super::time::Instant;
use fifo::Fifos;

/// Bits of time that one level tells apart.
const DIGIT: u32 = 6;
/// Lanes of a level.
const LANES: usize = 1 << DIGIT;
/// The running tick and every digit of a time.
const LEVELS: usize = 1 + u64::BITS.div_ceil(DIGIT) as usize;

/// Ranks are below this.
pub const RANKS: u8 = LANES as u8;

/// Events to come, earliest first; see the [module](self) for the order.
#[derive(Clone, Debug)]
pub struct Agenda<E> {
    now: Instant,
    len: usize,
    /// One bit per lane that is not empty.
    occupied: [u64; LEVELS],
    /// The lanes of all levels, level by level.
    lanes: Fifos<Entry<E>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry<E> {
    at: Instant,
    event: E,
    rank: u8,
}

// The budget for an event of 12 bytes: half a cache line.
const _: () = assert!(size_of::<Entry<[u32; 3]>>() <= 32);

impl<E: Copy> Agenda<E> {
    /// Nothing to come, at the start of the run.
    pub fn new() -> Self {
        Agenda {
            now: Instant::ZERO,
            len: 0,
            occupied: [0; LEVELS],
            lanes: Fifos::new(LEVELS * LANES),
        }
    }

    /// The time of the last event popped; [`Instant::ZERO`] before the first.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// How many events are to come.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is to come.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an event. [`Instant::NEVER`] is a time like any other, the last one.
    ///
    /// # Panics
    /// If `at` is before [`now`](Self::now) or `rank` is not below [`RANKS`].
    pub fn push(&mut self, at: Instant, rank: u8, event: E) {
        assert!(at >= self.now, "an event at {at} is pushed at {}, after it", self.now);
        assert!(rank < RANKS, "rank {rank} is not below {RANKS}");
        self.len += 1;
        self.place(Entry { at, event, rank });
    }

    /// Takes the next event and moves [`now`](Self::now) to its time.
    pub fn pop(&mut self) -> Option<(Instant, u8, E)> {
        let level = self.first_level()?;
        let lane = self.first_lane(level);
        let entry = if level == 0 || self.lanes.holds_one(lane) {
            self.take(lane)
        } else {
            self.now = self.earliest(level, lane);
            self.spread(lane);
            self.take(self.first_lane(0))
        };
        self.now = entry.at;
        self.len -= 1;
        Some((entry.at, entry.rank, entry.event))
    }

    /// The time of the next event. May look at all events of one lane: meant for one look per pop.
    pub fn peek_time(&self) -> Option<Instant> {
        let level = self.first_level()?;
        Some(self.earliest(level, self.first_lane(level)))
    }

    /// Puts an entry where its distance from now wants it.
    fn place(&mut self, entry: Entry<E>) {
        let (at, differs) = (entry.at.as_us(), entry.at.as_us() ^ self.now.as_us());
        let (level, lane) = match differs.checked_ilog2() {
            None => (0, usize::from(entry.rank)),
            Some(bit) => {
                let digit = bit / DIGIT;
                (1 + digit as usize, (at >> (digit * DIGIT)) as usize % LANES)
            }
        };
        self.occupied[level] |= 1 << lane;
        self.lanes.push(level * LANES + lane, entry);
    }

    /// Moves the entries of a lane to lower levels, in order, now being the earliest of their
    /// times.
    fn spread(&mut self, lane: usize) {
        self.occupied[lane / LANES] &= !(1 << (lane % LANES));
        let mut entries = self.lanes.detach(lane);
        while let Some(entry) = self.lanes.pop_of(&mut entries) {
            self.place(entry);
        }
    }

    /// The first entry of a lane that is not empty.
    fn take(&mut self, lane: usize) -> Entry<E> {
        let entry = self.lanes.pop(lane).expect("its bit says that the lane holds something");
        if self.lanes.is_empty(lane) {
            self.occupied[lane / LANES] &= !(1 << (lane % LANES));
        }
        entry
    }

    /// The earliest time in a lane: on the two lowest levels all times of a lane are the same.
    fn earliest(&self, level: usize, lane: usize) -> Instant {
        let mut times = self.lanes.iter(lane).map(|entry| entry.at);
        let first = if level <= 1 { times.next() } else { times.min() };
        first.expect("its bit says that the lane holds something")
    }

    /// The lowest level that holds anything: it holds the next event.
    fn first_level(&self) -> Option<usize> {
        self.occupied.iter().position(|&lanes| lanes != 0)
    }

    /// The first lane of a level that is not empty.
    fn first_lane(&self, level: usize) -> usize {
        level * LANES + self.occupied[level].trailing_zeros() as usize
    }
}

impl<E: Copy> Default for Agenda<E> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(agenda: &mut Agenda<char>) -> String {
        std::iter::from_fn(|| agenda.pop()).map(|(_, _, event)| event).collect()
    }

    #[test]
    fn time_then_rank_then_sequence() {
        let mut agenda = Agenda::new();
        for (at, rank, event) in
            [(9, 1, 'e'), (5, 2, 'c'), (5, 0, 'a'), (5, 2, 'd'), (5, 1, 'b'), (u64::MAX, 0, 'f')]
        {
            agenda.push(Instant::from_us(at), rank, event);
        }
        assert_eq!((agenda.len(), agenda.peek_time()), (6, Some(Instant::from_us(5))));
        assert_eq!(drain(&mut agenda), "abcdef");
        assert_eq!(agenda.now(), Instant::NEVER);
    }

    #[test]
    fn the_running_tick_takes_what_is_pushed_at_its_rank() {
        let mut agenda = Agenda::new();
        let tick = Instant::from_ms(3);
        for (rank, event) in [(3, 'b'), (3, 'c'), (5, 'f')] {
            agenda.push(tick, rank, event);
        }
        assert_eq!(agenda.pop(), Some((tick, 3, 'b')));
        agenda.push(tick, 3, 'd');
        agenda.push(tick, 4, 'e');
        agenda.push(tick, 0, 'a');
        assert_eq!(drain(&mut agenda), "acdef");
    }

    #[test]
    #[should_panic(expected = "an event at 0.000006s is pushed at 0.000007s")]
    fn the_past_is_closed() {
        let mut agenda = Agenda::new();
        agenda.push(Instant::from_us(7), 0, ());
        agenda.pop();
        agenda.push(Instant::from_us(6), 0, ());
    }

    #[test]
    #[should_panic(expected = "rank 64 is not below 64")]
    fn ranks_are_few() {
        Agenda::new().push(Instant::ZERO, RANKS, ());
    }
}
