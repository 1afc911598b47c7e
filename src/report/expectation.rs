//! An expectation and what was measured, in a line.

use super::figures;
use crate::analysis::verdict::Verdict;
use crate::scenario::Scenario;
use crate::scenario::expect::{Compare, Expect, Stat, Window};
use crate::scenario::metric::Nature;

/// What was expected beside what was measured: `line 31: lag of search at 30s is 120 records,
/// expected at most 100`.
pub fn line(scenario: &Scenario, expect: &Expect, verdict: &Verdict) -> String {
    told(
        expect.line,
        &subject(scenario, expect),
        expect.metric.about().unit,
        expect.compare,
        verdict,
    )
}

/// The same, of whatever was measured.
pub(super) fn told(
    line: u32,
    what: &str,
    unit: &str,
    compare: Compare,
    verdict: &Verdict,
) -> String {
    let wanted = wanted(compare, unit);
    match verdict {
        Verdict::Passed(value) => {
            format!("line {line}: {what} is {}, {wanted}", figures::value(*value, unit))
        }
        Verdict::Failed(value) => {
            format!("line {line}: {what} is {}, expected {wanted}", figures::value(*value, unit))
        }
        Verdict::Error(why) => {
            format!("line {line}: {what} can't be measured: {why}; expected {wanted}")
        }
    }
}

fn wanted(compare: Compare, unit: &str) -> String {
    let value = |value| figures::value(value, unit);
    match compare {
        Compare::Equals(wanted) => format!("exactly {}", value(wanted)),
        Compare::AtLeast(least) => format!("at least {}", value(least)),
        Compare::AtMost(most) => format!("at most {}", value(most)),
        Compare::Between(least, most) => format!("between {} and {}", value(least), value(most)),
        Compare::Near { value: wanted, percent } => {
            format!("within {percent}% of {}", value(wanted))
        }
    }
}

/// `lag of search orders-0 over 10s to 40s (max)`
fn subject(scenario: &Scenario, expect: &Expect) -> String {
    let scope = &expect.scope;
    let mut of: Vec<String> = Vec::new();
    of.extend(scope.group.map(|group| scenario.groups[group.index()].name.clone()));
    of.extend(scope.producer.map(|producer| scenario.producers[producer.index()].name.clone()));
    if let Some(topic) = scope.topic {
        let topic = &scenario.topics[topic.index()].name;
        of.push(match scope.partition {
            Some(partition) => format!("{topic}-{partition}"),
            None => topic.clone(),
        });
    }
    of.extend(scope.consumer.clone());
    of.extend(scope.cause.as_ref().map(|cause| format!("by {cause}")));
    of.extend(scope.event.map(|event| format!("event {}", event + 1)));
    let mut text = expect.metric.name().to_owned();
    if !of.is_empty() {
        text = format!("{text} of {}", of.join(" "));
    }
    text + &window(scenario, expect)
}

fn window(scenario: &Scenario, expect: &Expect) -> String {
    let nature = expect.metric.about().nature;
    match expect.window {
        _ if nature == Nature::Phase => String::new(),
        Window::At(at) => format!(" at {}", figures::moment(at)),
        Window::Over { from, to, stat } => {
            let whole = from.as_us() == 0 && to.as_us() == scenario.duration.as_us();
            let usual = match nature {
                Nature::Gauge => stat == Stat::Last,
                Nature::Count | Nature::Time | Nature::Phase => stat == Stat::Sum,
                Nature::Rate | Nature::Samples => false,
            };
            let over = if whole {
                String::new()
            } else {
                format!(" from {} to {}", figures::moment(from), figures::moment(to))
            };
            if usual && whole {
                " at the end".to_owned()
            } else if usual || nature == Nature::Rate {
                over
            } else {
                format!("{over} ({})", stat_name(stat))
            }
        }
    }
}

fn stat_name(stat: Stat) -> String {
    match stat {
        Stat::Max => "max".to_owned(),
        Stat::Min => "min".to_owned(),
        Stat::Mean => "mean".to_owned(),
        Stat::Sum => "sum".to_owned(),
        Stat::Last => "last".to_owned(),
        Stat::Percentile(percent) => format!("p{percent}"),
    }
}
