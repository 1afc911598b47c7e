//! Topics that events create and delete, perhaps several times.

use super::events::Timed;
use super::names::Names;
use crate::kernel::time::Instant;
use crate::model::id::TopicId;
use crate::parse::problem::Problem;
use crate::parse::shape::Reader;
use crate::parse::source::Spot;
use crate::scenario::Topic;

/// How often a topic may be created again.
const MOST_LIVES: u32 = 100;

/// What an event does to a topic.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Create,
    Delete,
}

/// One of these events.
struct Step {
    at: Instant,
    what: What,
    spot: Spot,
}

/// A topic that an event creates is not there before. One that is created after it was deleted is
/// another topic of the same name, without records: it comes after all others.
pub(crate) fn resolve(
    timed: &[Timed<'_>],
    names: &Names,
    topics: &mut Vec<Topic>,
    reader: &mut Reader,
) {
    reader.within("events", |reader| {
        for index in 0..topics.len() {
            let mut steps = steps(timed, names, TopicId::new(index));
            steps.sort_by_key(|step| step.at);
            live(steps, index, topics, reader);
        }
    });
}

fn steps(timed: &[Timed<'_>], names: &Names, topic: TopicId) -> Vec<Step> {
    let mut steps = Vec::new();
    for Timed { raw, at } in timed {
        let event = &raw.value;
        let both = [(&event.create_topic, What::Create), (&event.delete_topic, What::Delete)];
        for (name, what) in both {
            let Some(name) = name.as_ref() else { continue };
            if names.known_topic(&name.value) == Some(topic) {
                steps.extend(at.iter().map(|&at| Step { at, what, spot: name.at }));
            }
        }
    }
    steps
}

/// Goes through the life of a topic, and through those that follow it.
fn live(steps: Vec<Step>, index: usize, topics: &mut Vec<Topic>, reader: &mut Reader) {
    let mut life = 0;
    // Since when it has been there, or been gone, and what the event says that made it so.
    let mut exists = !steps.first().is_some_and(|step| step.what == What::Create);
    let mut since = topics[index].created_at;
    let mut last: Option<Spot> = None;
    for Step { at, what, spot } in steps {
        let name = topics[index].name.clone();
        let early = last.is_some() && at == since;
        let not_yet = last.is_none() && exists && at <= since && since > Instant::ZERO;
        let problem = match what {
            What::Create if exists => {
                Some((format!("`{name}` exists at {at}"), "delete it first, with `delete_topic`"))
            }
            What::Delete if !exists && last.is_some() => {
                let way_out = "it has been deleted: create it in between, with `create_topic`";
                Some((format!("`{name}` does not exist at {at}"), way_out))
            }
            What::Delete if !exists || not_yet => {
                Some((format!("`{name}` does not exist at {at}"), "it is created later"))
            }
            _ if early => {
                let title = format!("`{name}` can't come and go at the same moment, {at}");
                Some((title, "let some time pass in between"))
            }
            What::Create if life > MOST_LIVES => {
                let title = format!("`{name}` is created again more than {MOST_LIVES} times");
                Some((title, "this is one too many"))
            }
            _ => None,
        };
        if let Some((title, label)) = problem {
            let before = last.filter(|&last| last != spot);
            let problem = Problem::error(spot, title).label(label);
            reader.push(problem.also(before, "the event before"));
            return;
        }
        match what {
            What::Create if life == 0 => {
                let topic = &mut topics[index];
                topic.created_at = topic.created_at.max(at);
                life = 1;
            }
            What::Create => {
                let topic = Topic { created_at: at, backlog: 0, life, ..topics[index].clone() };
                topics.push(topic);
                life += 1;
            }
            What::Delete => life = life.max(1),
        }
        exists = what == What::Create;
        (since, last) = (at, Some(spot));
    }
}
