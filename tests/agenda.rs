//! The agenda against the plain definition of its order.

use proptest::prelude::*;
use rejoin::kernel::agenda::Agenda;
use rejoin::kernel::time::{Instant, Span};

/// The order by definition: a list, searched for the least (time, rank, sequence of push).
#[derive(Default)]
struct Plain {
    pending: Vec<(Instant, u8, u32)>,
}

impl Plain {
    fn next(&self) -> Option<usize> {
        (0..self.pending.len()).min_by_key(|&index| self.pending[index])
    }

    fn pop(&mut self) -> Option<(Instant, u8, u32)> {
        self.next().map(|index| self.pending.remove(index))
    }
}

#[derive(Clone, Copy, Debug)]
enum Op {
    /// `count` events of one rank, `delay` after now and on to a multiple of `step`, so that pushes
    /// from different times meet; at most at [`Instant::NEVER`].
    Push {
        count: u32,
        delay: u64,
        step: u64,
        rank: u8,
    },
    /// As many pops.
    Pop(u32),
    Peek,
}

/// Delays that stay on the tick, that share ticks, that fall beside the borders of the wheel's
/// levels, and any others.
fn delay() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => Just(0),
        4 => 1..4_u64,
        4 => 1..200_u64,
        4 => (0..11_u32, -2..3_i64)
            .prop_map(|(level, beside)| (1_u64 << (6 * level)).saturating_add_signed(beside)),
        2 => (0..64_u32, any::<u64>()).prop_map(|(shift, any)| any >> shift),
        1 => Just(u64::MAX),
    ]
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let step = prop_oneof![2 => Just(1), 1 => (0..24_u32).prop_map(|bit| 1 << bit)];
    let rank = prop_oneof![0..3_u8, 0..64_u8];
    // A lane keeps its events in chunks: some bursts are longer than those.
    let count = || prop_oneof![8 => Just(1), 1 => 1..100_u32];
    let push = (count(), delay(), step, rank);
    let op = prop_oneof![
        5 => push.prop_map(|(count, delay, step, rank)| Op::Push { count, delay, step, rank }),
        5 => count().prop_map(Op::Pop),
        1 => Just(Op::Peek),
    ];
    prop::collection::vec(op, 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn pops_are_the_stable_sort_of_pushes(ops in ops()) {
        let (mut agenda, mut plain) = (Agenda::new(), Plain::default());
        let mut now = Instant::ZERO;
        let mut ids = 0..;
        for op in ops {
            match op {
                Op::Push { count, delay, step, rank } => {
                    let at = now.saturating_add(Span::from_us(delay)).round_up(Span::from_us(step));
                    for id in ids.by_ref().take(count as usize) {
                        agenda.push(at, rank, id);
                        plain.pending.push((at, rank, id));
                    }
                }
                Op::Pop(count) => {
                    for _ in 0..count {
                        let popped = plain.pop();
                        prop_assert_eq!(agenda.pop(), popped);
                        now = popped.map_or(now, |(at, ..)| at);
                    }
                }
                Op::Peek => {
                    let next = plain.next().map(|index| plain.pending[index].0);
                    prop_assert_eq!(agenda.peek_time(), next);
                }
            }
            prop_assert_eq!((agenda.now(), agenda.len()), (now, plain.pending.len()));
        }
        while let Some(popped) = plain.pop() {
            prop_assert_eq!(agenda.pop(), Some(popped));
        }
        prop_assert!(agenda.is_empty());
    }
}
