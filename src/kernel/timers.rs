//! Timers as named rows: scheduling a name again moves its deadline by a write.
//!
//! A member's heartbeat moves its session deadline every few seconds, and hardly any session ever
//! ends. So a row keeps one entry in the queue, at the earliest deadline that it had since; when
//! that entry comes up early it is queued again at the present deadline.

use super::time::Instant;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Timers with a name `K` and something to do `E`. Equal deadlines fire in the order they were set.
#[derive(Clone, Debug)]
pub struct Timers<K, E> {
    rows: Vec<Row<K, E>>,
    free: Vec<usize>,
    by_name: BTreeMap<K, usize>,
    queue: BinaryHeap<Reverse<(Instant, u64, usize)>>,
    sequence: u64,
}

#[derive(Clone, Debug)]
struct Row<K, E> {
    name: K,
    deadline: (Instant, u64),
    queued: Option<(Instant, u64)>,
    event: Option<E>,
}

impl<K, E> Default for Timers<K, E> {
    fn default() -> Self {
        Timers {
            rows: Vec::new(),
            free: Vec::new(),
            by_name: BTreeMap::new(),
            queue: BinaryHeap::new(),
            sequence: 0,
        }
    }
}

impl<K: Ord + Clone, E> Timers<K, E> {
    /// Sets the timer `name`, in place of one of that name that is still running.
    pub fn schedule(&mut self, name: &K, at: Instant, event: E) {
        let deadline = (at, self.sequence);
        self.sequence += 1;
        let index = match self.by_name.get(name) {
            Some(&index) => index,
            None => self.add_row(name),
        };
        let row = &mut self.rows[index];
        row.deadline = deadline;
        row.event = Some(event);
        if row.queued.is_none_or(|queued| deadline < queued) {
            row.queued = Some(deadline);
            self.queue.push(Reverse((deadline.0, deadline.1, index)));
        }
    }

    fn add_row(&mut self, name: &K) -> usize {
        let row =
            Row { name: name.clone(), deadline: Default::default(), queued: None, event: None };
        let index = if let Some(index) = self.free.pop() {
            self.rows[index] = row;
            index
        } else {
            self.rows.push(row);
            self.rows.len() - 1
        };
        self.by_name.insert(name.clone(), index);
        index
    }

    /// Stops the timer `name`, if it runs.
    pub fn cancel(&mut self, name: &K) {
        if let Some(index) = self.by_name.remove(name) {
            self.rows[index].event = None;
        }
    }

    /// Whether the timer `name` runs.
    pub fn is_scheduled(&self, name: &K) -> bool {
        self.by_name.contains_key(name)
    }

    /// Stops all timers.
    pub fn clear(&mut self) {
        *self = Timers { sequence: self.sequence, ..Timers::default() };
    }

    /// The next deadline.
    pub fn next_deadline(&mut self) -> Option<Instant> {
        self.settle();
        self.queue.peek().map(|Reverse((at, _, _))| *at)
    }

    /// Takes the next timer that is due at `now`; it no longer runs then.
    pub fn pop_due(&mut self, now: Instant) -> Option<(K, E)> {
        if self.next_deadline()? > now {
            return None;
        }
        let Reverse((_, _, index)) = self.queue.pop()?;
        let row = &mut self.rows[index];
        row.queued = None;
        let event = row.event.take().expect("settled rows have an event");
        let name = row.name.clone();
        self.by_name.remove(&name);
        self.free.push(index);
        Some((name, event))
    }

    /// Brings the queue's head to a row that really ends then.
    fn settle(&mut self) {
        while let Some(&Reverse((at, sequence, index))) = self.queue.peek() {
            let row = &mut self.rows[index];
            if row.queued != Some((at, sequence)) {
                self.queue.pop();
            } else if row.event.is_none() {
                self.queue.pop();
                row.queued = None;
                self.free.push(index);
            } else if row.deadline == (at, sequence) {
                return;
            } else {
                let deadline = row.deadline;
                row.queued = Some(deadline);
                self.queue.pop();
                self.queue.push(Reverse((deadline.0, deadline.1, index)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_moved_deadline_fires_once_and_late() {
        let mut timers = Timers::default();
        timers.schedule(&"session", Instant::from_secs(10), ());
        timers.schedule(&"session", Instant::from_secs(20), ());
        assert_eq!(timers.pop_due(Instant::from_secs(19)), None);
        assert_eq!(timers.pop_due(Instant::from_secs(20)), Some(("session", ())));
        assert_eq!(timers.next_deadline(), None);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Schedule(u8, u64),
        Cancel(u8),
        Advance(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0u8..6, 0u64..30).prop_map(|(name, after)| Step::Schedule(name, after)),
            (0u8..6).prop_map(Step::Cancel),
            (0u64..20).prop_map(Step::Advance),
        ]
    }

    proptest! {
        /// Against a plain list of (deadline, order of setting, name).
        #[test]
        fn fires_as_a_sorted_list_does(steps in prop::collection::vec(step(), 1..80)) {
            let (mut timers, mut list) = (Timers::default(), Vec::<(u64, usize, u8)>::new());
            let mut now = 0;
            for (order, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Schedule(name, after) => {
                        timers.schedule(&name, Instant::from_us(now + after), order);
                        list.retain(|t| t.2 != name);
                        list.push((now + after, order, name));
                    }
                    Step::Cancel(name) => {
                        timers.cancel(&name);
                        list.retain(|t| t.2 != name);
                    }
                    Step::Advance(by) => {
                        now += by;
                        list.sort_unstable();
                        while let Some((name, event)) = timers.pop_due(Instant::from_us(now)) {
                            prop_assert_eq!((event, name), (list[0].1, list[0].2));
                            list.remove(0);
                        }
                        prop_assert!(list.first().is_none_or(|t| t.0 > now));
                    }
                }
                let next = list.iter().min().map(|t| Instant::from_us(t.0));
                prop_assert_eq!(timers.next_deadline(), next);
            }
        }
    }
}
