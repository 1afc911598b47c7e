//! What a producer checks of its own settings when it is constructed.

use super::pairs;
use super::settings::Settings;
use crate::parse::problem::Problem;
use crate::parse::shape::Reader;
use crate::parse::source::Spot;

/// Notes what `KafkaProducer` would refuse. Whether the producer is idempotent in the end.
pub(crate) fn check(settings: &Settings, reader: &mut Reader) -> bool {
    delivery_timeout(settings, reader);
    let idempotent = idempotence(settings, reader);
    if let (Some(at), Some(false)) = (settings.spot("transactional.id"), idempotent) {
        let title = "Cannot set a transactional.id without also enabling idempotence.";
        reader.push(Problem::error(at, title).label("idempotence is off"));
    }
    let two_phase = settings.flag("transaction.two.phase.commit.enable") == Some(true);
    if let (Some(at), true) = (settings.spot("transaction.timeout.ms"), two_phase) {
        let title = "Cannot set transaction.timeout.ms when transaction.two.phase.commit.enable is \
                     set to true. Transactions will not expire with two-phase commit enabled.";
        let other = settings.spot("transaction.two.phase.commit.enable");
        reader.push(
            Problem::error(at, title).label("leave one of them out").also(other, "the other"),
        );
    }
    idempotent == Some(true)
}

/// Only a given timeout is refused; Kafka stretches its default.
fn delivery_timeout(settings: &Settings, reader: &mut Reader) {
    let Some(at) = settings.spot("delivery.timeout.ms") else { return };
    let values = ["delivery.timeout.ms", "linger.ms", "request.timeout.ms"];
    let [Some(delivery), Some(linger), Some(request)] = values.map(|name| settings.int(name))
    else {
        return;
    };
    let least = linger.saturating_add(request).min(i32::MAX.into());
    if delivery < least {
        let title = "delivery.timeout.ms should be equal to or larger than linger.ms + \
                     request.timeout.ms";
        let help = format!("linger.ms is {linger}, request.timeout.ms {request}: at least {least}");
        reader.push(Problem::error(at, title).label(format!("it is {delivery}")).help(help));
    }
}

/// Whether the producer is idempotent in the end; `None` if it can't be constructed.
fn idempotence(settings: &Settings, reader: &mut Reader) -> Option<bool> {
    if !settings.flag("enable.idempotence")? {
        return Some(false);
    }
    let asked_for = settings.spot("enable.idempotence");
    let mut enabled = true;
    let mut needs = |name: &str, wrong: bool, title: &str| {
        if !wrong {
            return;
        }
        enabled = false;
        // Without being asked for, idempotence is quietly switched off.
        if asked_for.is_some() {
            let at = settings.spot(name).unwrap_or(Spot::TOP);
            let problem = Problem::error(at, title).label("not with idempotence");
            reader.push(problem.also(asked_for, "idempotence is asked for here"));
        }
    };
    let retries = settings.int("retries")?;
    let title = "Must set retries to non-zero when using the idempotent producer.";
    needs("retries", retries == 0, title);
    let all = matches!(settings.text("acks")?, "all" | "-1");
    let title = "Must set acks to all in order to use the idempotent producer. Otherwise we cannot \
                 guarantee idempotence.";
    needs("acks", !all, title);
    let name = "max.in.flight.requests.per.connection";
    let in_flight = settings.int(name)?;
    if in_flight > 5 {
        let title = format!(
            "To use the idempotent producer, {name} must be set to at most 5. Current value is \
             {in_flight}."
        );
        let help = "idempotence is on by default; to have more in flight, set enable.idempotence = \
                    false";
        let here = (settings.spot(name), &*pairs::shown(name, in_flight));
        reader.push(Problem::error(here.0.unwrap_or(Spot::TOP), title).label(here.1).help(help));
    }
    Some(enabled)
}
