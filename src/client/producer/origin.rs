//! From the logs back to a producer: when a record was created that lies at an offset.

use super::Producer;
use super::delivering::before;
use crate::kernel::time::{Instant, Span};

impl Producer {
    /// When the `nth` of its records in partition `index`'s log was created, in the log as it stood
    /// at `as_of`, or before it was cut. A copy was created when its original was.
    pub fn created_nth(&mut self, index: u32, nth: u64, as_of: Instant) -> Option<Instant> {
        let mut as_of = as_of;
        while self.delivered(index, as_of) < nth {
            let began = self.channels.get(index as usize)?.at(as_of).from;
            if began == Instant::ZERO {
                return None;
            }
            as_of = before(began, Span::from_us(1));
        }
        let segment = self.channels.get(index as usize)?.of_record(nth, as_of);
        let created = match nth.checked_sub(segment.before() + 1) {
            Some(copy) if copy < segment.again.records => segment.again.original(copy),
            _ => nth.saturating_add_signed(-segment.surplus),
        };
        self.nth(index, created)
    }

    /// How many of its records the log of partition `index` held before those came that come at `at`,
    /// less what was cut off at that moment.
    pub fn delivered_before(&mut self, index: u32, at: Instant) -> u64 {
        if at == Instant::ZERO {
            return 0;
        }
        let until = self.delivered(index, before(at, Span::from_us(1)));
        let Some(segment) = self.channels.get(index as usize).map(|channel| channel.at(at)) else {
            return until;
        };
        if segment.from == at { until.min(segment.before()) } else { until }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::setup;
    use super::super::{Setup, Why};
    use super::*;
    use crate::kernel::random::Streams;
    use crate::model::config::ProducerConfig;
    use crate::model::id::BrokerId;

    fn at(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    #[test]
    fn copies_and_what_comes_after_a_cut_are_as_old_as_they_are() {
        let config = ProducerConfig {
            enable_idempotence: false,
            linger: Span::ZERO,
            ..ProducerConfig::default()
        };
        let mut producer = Producer::new(&Setup { config, ..setup(1) }, Streams::new(1));
        // A record each 5 ms.
        producer.flow(0, at(0), (Span::from_ms(1), None), BrokerId(1));
        producer.hold(0, at(2_000), Why::Refused, Some(BrokerId(1)), at(1_984));
        producer.flow(0, at(3_000), (Span::from_ms(1), None), BrokerId(1));
        let created = |producer: &mut Producer, nths: [u64; 4], as_of| {
            nths.map(|nth| producer.created_nth(0, nth, at(as_of)).map(Instant::as_ms))
        };
        // The last three before the failure come again, and then what waited.
        let seen = created(&mut producer, [399, 400, 402, 403], 3_000);
        assert_eq!(seen, [1_995, 1_985, 1_995, 2_000].map(Some));
        assert_eq!(producer.delivered_before(0, at(3_000)), 399);
        // Five acknowledged records are lost: others take their offsets.
        producer.hold(0, at(4_000), Why::Refused, Some(BrokerId(1)), at(4_000));
        let end = producer.delivered(0, at(4_000));
        producer.retract(0, at(4_000), 5, 5);
        producer.flow(0, at(4_100), (Span::from_ms(1), None), BrokerId(2));
        let nths = [end - 5, end - 4, end, end + 1];
        let seen = created(&mut producer, nths, 4_200);
        assert_eq!(seen, [3_970, 4_000, 4_020, 4_025].map(Some));
        let seen = created(&mut producer, [end - 5, end - 4, end, end], 3_999);
        assert_eq!(seen, [3_970, 3_975, 3_995, 3_995].map(Some), "as the log was before");
        assert_eq!(
            created(&mut producer, nths, 4_050)[2],
            Some(3_995),
            "gone, and not yet replaced"
        );
    }
}
