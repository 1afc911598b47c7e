//! A run that will be slow says so before it begins.

use super::print;
use crate::analysis::cost::fetches;
use crate::report::figures::count;
use crate::scenario::Scenario;

/// So many fetches take about ten seconds.
const SLOW: u64 = 10_000_000;

/// Warns if the scenario will take long, and says what would help.
pub(super) fn warn(scenario: &Scenario) {
    let fetches = fetches(scenario);
    if fetches < SLOW {
        return;
    }
    let millions = count(fetches / 1_000_000);
    let name = &scenario.name;
    let help = if scenario.resolution.is_zero() {
        "; with `resolution = \"20ms\"` it takes far fewer, lag is off by what arrives in 20 ms, \
         protocol timing is not"
    } else {
        "; a coarser `resolution` or a shorter `duration` makes it faster"
    };
    print::err(&format!("warning: {name} will take about {millions} million fetches{help}\n"));
}
