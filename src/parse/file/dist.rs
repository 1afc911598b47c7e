//! Durations that may vary.

use crate::kernel::dist::Dist;
use crate::kernel::time::Span;
use crate::parse::document::{Node, Value};
use crate::parse::leaf::Number;
use crate::parse::problem::Problem;
use crate::parse::shape::{At, List, Reader, Shape};
use crate::parse::spec::{Kind, Rule};
use crate::parse::table::table;

table! {
    /// A duration that varies.
    Distribution, "distribution",
    "{ uniform = [\"2ms\", \"6ms\"] }",
    [Rule::ExactlyOne(&["uniform", "exponential", "lognormal", "pareto", "empirical"])];

    /// Every value between the two is equally likely.
    uniform: List<Span, 2, 2>;
    /// Exponential with this mean.
    exponential: Span;
    /// Lognormal: most values near the median, some much larger.
    lognormal: LogNormal;
    /// Pareto: a heavy tail above a smallest value.
    pareto: Pareto;
    /// One of these values, each equally likely; repeat one to make it likelier.
    empirical: List<Span, 1, 100_000>;
}

table! {
    /// A lognormal distribution.
    LogNormal, "lognormal", "{ median = \"4ms\", p99 = \"60ms\" }",
    [Rule::Required("median"), Rule::Required("p99")];

    /// Half the values lie below.
    median: Span;
    /// 99 of 100 values lie below; at least the median.
    p99: Span;
}

table! {
    /// A Pareto distribution.
    Pareto, "pareto", "{ min = \"1ms\", shape = 1.5 }",
    [Rule::Required("min"), Rule::Required("shape")];

    /// The smallest value.
    min: Span;
    /// The tail exponent, above 0: the smaller, the heavier the tail. The mean exists above 1.
    shape: Number;
}

/// A duration that may vary.
#[derive(Clone, Debug)]
pub(crate) struct Varying(pub(crate) Dist);

impl Shape for Varying {
    const KIND: Kind = Kind::OneOf(&[Span::KIND, Kind::Table(&Distribution::SPEC)]);

    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let dist = match node.value {
            Value::Table(_) => Distribution::read(node, reader)?.dist(reader),
            Value::List(_) => {
                reader.mismatch(node, &Self::KIND);
                None
            }
            _ => Span::read(node, reader).map(|span| Dist::Fixed(span.as_us())),
        };
        dist.map(Varying)
    }
}

impl Distribution {
    fn dist(&self, reader: &mut Reader) -> Option<Dist> {
        let us = |at: &At<Span>| at.value.as_us();
        if let Some(bounds) = &self.uniform {
            let [Some(low), Some(high)] = &bounds.value.items[..] else { return None };
            return ordered(low, high, "the lower bound comes first", reader)
                .then(|| Dist::Uniform(us(low), us(high)));
        }
        if let Some(mean) = &self.exponential {
            return positive(mean, reader).then(|| Dist::Exponential(us(mean)));
        }
        if let Some(lognormal) = &self.lognormal {
            let (median, p99) = (lognormal.value.median.as_ref()?, lognormal.value.p99.as_ref()?);
            let label = "the 99th percentile can't lie below the median";
            return (positive(median, reader) && ordered(median, p99, label, reader))
                .then(|| Dist::LogNormal { median: us(median), p99: us(p99) });
        }
        if let Some(pareto) = &self.pareto {
            let (min, shape) = (pareto.value.min.as_ref()?, pareto.value.shape.as_ref()?);
            if shape.value.value <= 0.0 {
                let problem = Problem::error(shape.at, "a tail exponent must be above 0");
                reader.push(problem.label("1.5 has a heavy tail, 3 a light one"));
                return None;
            }
            return positive(min, reader)
                .then(|| Dist::Pareto { min: us(min), shape: shape.value.value });
        }
        let values = self.empirical.as_ref()?;
        Some(Dist::Empirical(values.value.iter().map(us).collect()))
    }
}

fn positive(span: &At<Span>, reader: &mut Reader) -> bool {
    if span.value.is_zero() {
        let problem = Problem::error(span.at, "this parameter must be above 0");
        reader.push(problem.label("write \"0s\" alone for no time at all"));
    }
    !span.value.is_zero()
}

fn ordered(low: &At<Span>, high: &At<Span>, label: &str, reader: &mut Reader) -> bool {
    if high.value < low.value {
        let title = format!("{} is less than {}", high.value, low.value);
        reader.push(Problem::error(high.at, title).label(label));
    }
    low.value <= high.value
}
