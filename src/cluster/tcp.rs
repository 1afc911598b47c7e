//! What TCP does while nothing arrives: it sends again, after pauses that double.
//!
//! Pauses are those of Linux without a measured round trip: 200 ms for data (`TCP_RTO_MIN`), 1 s for
//! a connection that opens (`TCP_TIMEOUT_INIT`), at most 120 s.

use crate::kernel::time::{Instant, Span};

const DATA: Span = Span::from_ms(200);
const OPENING: Span = Span::from_secs(1);
const LONGEST: Span = Span::from_secs(120);

/// How long who opens a connection waits for it (`socket.connection.setup.timeout.ms`, doubled with
/// each attempt up to `socket.connection.setup.timeout.max.ms`), between brokers.
const ATTEMPT: Span = Span::from_secs(10);
const LONGEST_ATTEMPT: Span = Span::from_secs(30);

fn next(first: Instant, mut pause: Span, whole: Instant) -> Instant {
    let mut at = first;
    while at < whole {
        at += pause;
        pause = (pause + pause).min(LONGEST);
    }
    at
}

/// When data that was lost first at `lost` is sent again, if the network is whole from `whole` on.
pub fn resent(lost: Instant, whole: Instant) -> Instant {
    next(lost + DATA, DATA + DATA, whole)
}

/// When a connection that somebody began to open at `since` opens.
pub fn opened(since: Instant, whole: Instant) -> Instant {
    next(since, OPENING, whole)
}

/// When two machines that always have something to say to each other, and lost touch at `since`, are
/// in touch again: whoever waits gives up the connection after `patience`, and opens another one.
pub fn in_touch(since: Instant, whole: Instant, patience: Span) -> Instant {
    let mut gives_up = since + patience;
    let resent = resent(since, whole);
    if resent < gives_up {
        return resent;
    }
    let mut attempt = ATTEMPT;
    loop {
        let opened = opened(gives_up, whole);
        if opened < gives_up + attempt {
            return opened;
        }
        gives_up += attempt;
        attempt = (attempt + attempt).min(LONGEST_ATTEMPT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    #[test]
    fn data_is_sent_again_after_pauses_that_double() {
        let again = |whole| resent(at(1_000), at(whole)).as_ms();
        assert_eq!(
            [1_000, 1_200, 1_201, 1_601, 4_001].map(again),
            [1_200, 1_200, 1_600, 2_400, 7_200]
        );
        // 0.2 + 0.4 + … + 12.8 s, then 25.6 s.
        assert_eq!([21_000, 27_000].map(again), [26_400, 52_000]);
    }

    #[test]
    fn connections_open_with_the_next_attempt() {
        let open = |whole| opened(at(0), at(whole)).as_ms();
        assert_eq!([0, 1, 1_001, 3_500, 7_001].map(open), [0, 1_000, 3_000, 7_000, 15_000]);
    }

    #[test]
    fn who_waits_in_vain_opens_another_connection() {
        let touch = |whole| in_touch(at(0), at(whole), Span::from_secs(30)).as_ms();
        // Sent again at 25.4 s; the next time would be too late.
        assert_eq!([20_000, 26_000, 30_500, 38_000].map(touch), [25_400, 30_000, 31_000, 40_000]);
        assert_eq!(touch(60_000), 60_000, "the third attempt begins");
    }
}
