//! `equals`, `at_least`, `at_most`, `between`, `near`: what an expectation wants.

use crate::parse::file::expect::Near;
use crate::parse::leaf::Amount;
use crate::parse::problem::Problem;
use crate::parse::shape::{At, List, Reader};
use crate::scenario::expect::Compare;

/// The keys of an expectation of which it has one.
pub(super) struct Comparison<'a> {
    pub(super) equals: Option<&'a At<Amount>>,
    pub(super) at_least: Option<&'a At<Amount>>,
    pub(super) at_most: Option<&'a At<Amount>>,
    pub(super) between: Option<&'a At<List<Amount, 2, 2>>>,
    pub(super) near: Option<&'a At<Near>>,
}

/// What is compared.
pub(super) struct Measured {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) is_seconds: bool,
}

/// What the value must be; `None`: none of the keys can be understood.
pub(super) fn compare(
    raw: &Comparison,
    measured: &Measured,
    reader: &mut Reader,
) -> Option<Compare> {
    if let Some(at) = raw.equals {
        return amount(at, measured, reader).map(Compare::Equals);
    }
    if let Some(at) = raw.at_least {
        return amount(at, measured, reader).map(Compare::AtLeast);
    }
    if let Some(at) = raw.at_most {
        return amount(at, measured, reader).map(Compare::AtMost);
    }
    if let Some(between) = raw.between {
        let [Some(low), Some(high)] = &between.value.items[..] else { return None };
        let (a, b) = (amount(low, measured, reader)?, amount(high, measured, reader)?);
        if a > b {
            let problem = Problem::error(between.at, "nothing lies between these two");
            reader.push(problem.label("the smaller one comes first"));
        }
        return Some(Compare::Between(a, b));
    }
    let near = &raw.near?.value;
    let (value, percent) = (near.value.as_ref()?, near.percent.as_ref()?);
    if percent.value.value < 0.0 {
        let problem = Problem::error(percent.at, "a tolerance can't be negative");
        reader.push(problem.label("expected 0 or more"));
    }
    let value = amount(value, measured, reader)?;
    Some(Compare::Near { value, percent: percent.value.value })
}

/// The number that something is compared with, in its own unit.
fn amount(at: &At<Amount>, measured: &Measured, reader: &mut Reader) -> Option<f64> {
    match at.value {
        Amount::Number(number) => Some(number),
        Amount::Time(span) if measured.is_seconds => Some(span.as_secs_f64()),
        Amount::Time(_) => {
            let problem = Problem::error(at.at, format!("`{}` is not a time", measured.name));
            let label = match measured.unit {
                "" => "expected a number".to_owned(),
                unit => format!("expected a number of {unit}"),
            };
            reader.push(problem.label(label));
            None
        }
    }
}
