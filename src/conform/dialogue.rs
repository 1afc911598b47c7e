//! Dialogues with Kafka's group coordinator: the same requests at the same times, answer for
//! answer, record for record, state for state.

mod kind;
mod lines;

pub use kind::Kind;

use super::canon::canonical;
use super::difference::{Difference, Problem, named};
use super::player::{Player, Unsupported};
use super::script::{Script, Step};
use crate::coordinator::snapshot::GroupSnapshot;
use crate::model::Name;
use crate::model::error::ErrorCode;
use crate::model::message::Response;
use crate::model::record::Record;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Something that a coordinator did.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Observed {
    Reply { to: u64, response: Box<Response> },
    Snapshots { to: u64, groups: Vec<GroupSnapshot> },
    Records(Vec<Record>),
    State(GroupSnapshot),
}

/// Something that a coordinator did, and when (ms).
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Observation {
    pub t: u64,
    pub what: Observed,
}

impl From<Unsupported> for Problem {
    fn from(what: Unsupported) -> Self {
        Problem::Unsupported(what.0)
    }
}

/// Replays one dialogue, a line of a file; the first difference, if there is one.
pub fn replay(line: &str) -> Result<Option<Difference>, Problem> {
    let script: Script = serde_json::from_str(line).map_err(Problem::malformed)?;
    if !script.steps.is_sorted_by_key(|step| step.t) {
        return Err(Problem::malformed("the dialogue steps back in time"));
    }
    let mut player = Player::new(&script)?;
    let asks = |step: &Step, what: &str| step.r#do.as_deref() == Some(what);
    let modern = script.steps.iter().any(|step| asks(step, "ConsumerGroupHeartbeat"));
    let canonical = |observation| canonical(observation, modern);
    let mut steps = script.steps.iter().peekable();
    // Timers may end before the first input.
    let mut input = steps.next_if(|step| step.r#do.is_some());
    loop {
        let mut kafka = Vec::new();
        if let Some(input) = input {
            player.run(input)?;
        }
        // Before an input timers that are due end, and what they do is recorded before it.
        while let Some(output) = steps.next_if(|step| step.r#do.is_none()) {
            kafka.extend(observation(output, &script.id)?.map(canonical));
        }
        player.advance(steps.peek().map(|next| next.t));
        let rejoin = player.take_observations().into_iter().map(canonical);
        let rejoin: Vec<Observation> = rejoin.collect();
        for (kafka, rejoin) in kafka.iter_mut().zip(&rejoin) {
            forget_leftovers(kafka, rejoin);
        }
        let first = (0..kafka.len().max(rejoin.len())).find(|&i| kafka.get(i) != rejoin.get(i));
        if let Some(i) = first {
            return Ok(Some(Difference {
                case: named(&script.id, &script.note),
                at: input.map_or_else(Vec::new, |input| whereabouts(input, &player)),
                lines: lines::diff(kafka.get(i), rejoin.get(i)),
            }));
        }
        input = steps.next();
        if input.is_none() {
            return Ok(None);
        }
    }
}

/// Snapshots of groups that the harness took while no coordinator served need not be the same.
fn forget_leftovers(kafka: &mut Observation, rejoin: &Observation) {
    if let (Observed::Snapshots { groups, .. }, Observed::Snapshots { groups: ours, .. }) =
        (&mut kafka.what, &rejoin.what)
        && ours.is_empty()
    {
        groups.clear();
    }
}

/// So much of a request or a state is shown.
const SHOWN: usize = 400;

/// The last input before a difference, and the group it was about as it is after it.
fn whereabouts(input: &Step, player: &Player) -> Vec<String> {
    let (n, t, op) = (input.n, input.t, input.r#do.as_deref().unwrap_or_default());
    let of = if input.from.is_empty() { String::new() } else { format!(" of {}", input.from) };
    let request = if input.req.is_null() { String::new() } else { format!(" {}", input.req) };
    let mut at = vec![shortened(format!("after #{n} at {t} ms: {op}{of}{request}"))];
    if let Some(group) = input.req["groupId"].as_str() {
        let state = player.snapshot(&Name::from(group));
        at.push(shortened(format!("rejoin then has {state:?}")));
    }
    at
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Reads a recorded output; `None` for what need not be the same.
fn observation(step: &Step, dialogue: &str) -> Result<Option<Observation>, Problem> {
    let malformed =
        |e: serde_json::Error| Problem::Malformed(format!("{dialogue} at {} ms: {e}", step.t));
    let what = if let Some(api) = &step.reply {
        if api == "State" {
            Observed::Snapshots { to: step.to, groups: read(&step.res).map_err(malformed)? }
        } else {
            let response = response(api, &step.res).map_err(malformed)?;
            let response = response.ok_or_else(|| Problem::Unsupported(api.clone()))?;
            Observed::Reply { to: step.to, response: Box::new(response) }
        }
    } else if let Some(records) = &step.records {
        let records: Result<Vec<Record>, _> = records.iter().map(read).collect();
        Observed::Records(records.map_err(malformed)?)
    } else if let Some(state) = &step.state {
        Observed::State(read(state).map_err(malformed)?)
    } else {
        return Ok(None);
    };
    Ok(Some(Observation { t: step.t, what }))
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, serde_json::Error> {
    T::deserialize(value)
}

/// The harness's form of the answer to a transaction marker.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EndTxnResponse {
    #[serde(default)]
    error_code: ErrorCode,
}

/// Reads the answer of an API; `None`: an API that we do not know.
fn response(api: &str, value: &Value) -> Result<Option<Response>, serde_json::Error> {
    Ok(Some(match api {
        "JoinGroup" => Response::JoinGroup(read(value)?),
        "SyncGroup" => Response::SyncGroup(read(value)?),
        "Heartbeat" => Response::Heartbeat(read(value)?),
        "LeaveGroup" => Response::LeaveGroup(read(value)?),
        "OffsetCommit" => Response::OffsetCommit(read(value)?),
        "OffsetFetch" => Response::OffsetFetch(read(value)?),
        "TxnOffsetCommit" => Response::TxnOffsetCommit(read(value)?),
        "OffsetDelete" => Response::OffsetDelete(read(value)?),
        "EndTxn" => Response::EndTransaction(read::<EndTxnResponse>(value)?.error_code),
        "ConsumerGroupHeartbeat" => Response::ConsumerGroupHeartbeat(read(value)?),
        "DescribeGroups" => Response::DescribeGroups(read(value)?),
        "ShareGroupHeartbeat" => Response::ShareGroupHeartbeat(read(value)?),
        "ShareGroupDescribe" => Response::ShareGroupDescribe(read(value)?),
        "ConsumerGroupDescribe" => Response::ConsumerGroupDescribe(read(value)?),
        "ListGroups" => Response::ListGroups(read(value)?),
        "DeleteGroups" => Response::DeleteGroups(read(value)?),
        _ => return Ok(None),
    }))
}
