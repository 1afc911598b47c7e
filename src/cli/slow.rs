//! A run that will be slow says so before it begins.

use super::print;
use crate::analysis::cost::fetches;
use crate::kernel::time::Span;
use crate::report::figures::{count, span};
use crate::scenario::Scenario;

/// A machine of 2026 takes about so many fetches a second.
const FETCHES_PER_SECOND: u64 = 4_000_000;
/// From so many seconds on a run is slow.
const SLOW: u64 = 20;

/// Warns if the scenario will take long, and says what would help.
pub(super) fn warn(scenario: &Scenario) {
    let fetches = fetches(scenario);
    let seconds = fetches / FETCHES_PER_SECOND;
    if seconds < SLOW {
        return;
    }
    let (millions, time) = (count(fetches / 1_000_000), span(Span::from_secs(seconds)));
    let name = &scenario.name;
    let help = if scenario.resolution.is_zero() {
        "; with `resolution = \"20ms\"` it makes far fewer, lag is off by what arrives in 20 ms, \
         protocol timing is not"
    } else {
        "; a coarser `resolution` or a shorter `duration` makes it faster"
    };
    print::err(&format!(
        "warning: {name} will make about {millions} million fetches and take {time} or so{help}\n"
    ));
}
