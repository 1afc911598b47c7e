//! What a classic consumer does, as a line of words, and refusals that make it do something.

use crate::brokers::{Sent, TOPIC, World, at, settings};
use rejoin::assignor::Strategy;
use rejoin::client::effect::Note;
use rejoin::kernel::time::{Instant, Span};
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::consumer_protocol::{Assignment, ProtocolBytes, TopicPartitions};
use rejoin::model::error::ErrorCode;
use rejoin::model::id::BrokerId;
use rejoin::model::message::cluster::FindCoordinatorResponse;
use rejoin::model::message::fetch::{FetchResponse, ListOffsetsResponse, OffsetFound};
use rejoin::model::message::group::{
    HeartbeatResponse, JoinGroupResponse, LeaveGroupResponse, SyncGroupResponse,
};
use rejoin::model::message::offset::{OffsetCommitResponse, OffsetFetchResponse};
use rejoin::model::message::{Request, Response};

/// How a member rebalances.
pub(crate) const RANGE: &str = "range";
pub(crate) const COOPERATIVE: &str = "cooperative-sticky";

/// A member of generation 1 that owns three partitions and has read ten records from each. Whoever asks
/// now is told that another broker coordinates its group.
pub(crate) fn member(strategy: &str, settings: ConsumerConfig, commit: CommitMode) -> World {
    let mut world = World::with(settings, commit, |setup| {
        setup.strategies = vec![Strategy::shipped(strategy).unwrap()];
    });
    world.end = 10;
    world.run_until(at(5_000));
    world.coordinator = BrokerId(2);
    world
}

/// Settings of a member that may get this answer: only a static one is fenced.
pub(crate) fn settings_for(code: ErrorCode) -> ConsumerConfig {
    let fenced = code == ErrorCode::FencedInstanceId;
    ConsumerConfig { group_instance_id: fenced.then(|| "a".to_owned()), ..settings() }
}

/// Settings with auto-commit, its interval out of sight.
pub(crate) fn auto_commit() -> ConsumerConfig {
    let auto_commit_interval = Span::from_secs(1_000);
    ConsumerConfig { enable_auto_commit: true, auto_commit_interval, ..settings() }
}

/// The name of a request's API.
pub(crate) fn name(request: &Request) -> String {
    let text = format!("{request:?}");
    text.split(['(', ' ']).next().unwrap_or_default().to_owned()
}

/// An answer that says no.
pub(crate) fn refusal(world: &World, request: &Request, error_code: ErrorCode) -> Response {
    match request {
        Request::JoinGroup(_) => {
            let member_id = if error_code == ErrorCode::MemberIdRequired { "you" } else { "" };
            let member_id = member_id.into();
            JoinGroupResponse { error_code, member_id, ..JoinGroupResponse::default() }.into()
        }
        Request::SyncGroup(_) => {
            SyncGroupResponse { error_code, ..SyncGroupResponse::default() }.into()
        }
        Request::Heartbeat(_) => Response::Heartbeat(HeartbeatResponse { error_code }),
        Request::LeaveGroup(_) => {
            LeaveGroupResponse { error_code, ..LeaveGroupResponse::default() }.into()
        }
        Request::OffsetCommit(commit) => {
            OffsetCommitResponse::of_error(&commit.topics, error_code).into()
        }
        Request::OffsetFetch(_) => {
            if error_code == ErrorCode::UnknownTopicOrPartition {
                return world.committed(error_code);
            }
            OffsetFetchResponse { error_code, ..OffsetFetchResponse::default() }.into()
        }
        Request::FindCoordinator(_) => {
            FindCoordinatorResponse { error_code, node: BrokerId(1) }.into()
        }
        Request::ListOffsets(asked) => {
            let found = asked.partitions.iter().map(|question| OffsetFound {
                partition: question.partition,
                error_code,
                offset: None,
                leader_epoch: -1,
            });
            ListOffsetsResponse { partitions: found.collect() }.into()
        }
        Request::Fetch(fetch) => {
            let mut partitions = fetch.partitions.clone();
            for part in &mut partitions {
                part.error_code = error_code;
            }
            FetchResponse { partitions, ..FetchResponse::default() }.into()
        }
        other => unreachable!("{other:?} is not refused"),
    }
}

/// Refuses requests from now on: each name the first time after those before it were refused.
pub(crate) fn refuse(world: &mut World, refused: &[(&'static str, ErrorCode)]) {
    let fake = World::new(settings(), CommitMode::None);
    let mut left = refused.to_vec();
    world.script = Box::new(move |sent: &Sent| {
        let &(wanted, code) = left.first()?;
        (name(&sent.request) == wanted).then(|| {
            left.remove(0);
            refusal(&fake, &sent.request, code)
        })
    });
}

/// What a request shows of itself: who joins, of which generation, with how many partitions.
fn shown(request: &Request) -> String {
    let Request::JoinGroup(join) = request else { return name(request) };
    let ProtocolBytes::Subscription(told) = &join.protocols[0].metadata else { unreachable!() };
    let owned: usize = told.owned_partitions.iter().map(|topic| topic.partitions.len()).sum();
    format!("JoinGroup({},{},{owned})", join.member_id, told.generation_id)
}

/// What a note shows, if it is a step.
fn noted(note: &Note) -> Option<String> {
    Some(match note {
        Note::Revoked(partitions) => format!("revoked({})", partitions.len()),
        Note::Lost(partitions) => format!("lost({})", partitions.len()),
        Note::Assigned { partitions, .. } => format!("assigned({})", partitions.len()),
        Note::Committed => "committed".to_owned(),
        Note::CommitFailed(code) => format!("failed({code})"),
        Note::Failed(failure) => format!("throws({failure:?})"),
        Note::PollTimeout => "late".to_owned(),
        Note::Closed => "closed".to_owned(),
        _ => return None,
    })
}

/// All steps from `since` on, but for requests that are `left_out`. What the client notes goes
/// before what it sends in the same instant.
pub(crate) fn steps(world: &World, since: Instant, left_out: &[&str]) -> Vec<(Instant, String)> {
    let notes = world.notes.iter().filter_map(|(at, note)| Some((*at, 0, noted(note)?)));
    let sent = world.sent.iter().filter(|sent| !left_out.contains(&&*name(&sent.request)));
    let sent = sent.map(|sent| (sent.at, 1, shown(&sent.request)));
    let mut steps: Vec<_> = notes.chain(sent).filter(|(at, ..)| *at >= since).collect();
    steps.sort_by_key(|&(at, rank, _)| (at, rank));
    steps.into_iter().map(|(at, _, step)| (at, step)).collect()
}

/// What follows the first request of this name, as a line, until something is assigned; and how much
/// later the first of it does.
pub(crate) fn after(world: &World, refused: &str, left_out: &[&str]) -> (String, Span) {
    let all = steps(world, at(5_000), left_out);
    let begin = all.iter().position(|(_, step)| step.starts_with(refused)).expect("it was sent");
    let (sent, rest) = (all[begin].0, &all[begin + 1..]);
    let end = rest.iter().position(|(_, step)| step.starts_with("assigned"));
    let rest = &rest[..end.map_or(rest.len(), |end| end + 1)];
    let words: Vec<&str> = rest.iter().map(|(_, step)| &**step).collect();
    (words.join(" "), rest.first().map_or(Span::ZERO, |(at, _)| *at - sent))
}

/// A share of the partitions: the answer to `SyncGroup`.
pub(crate) fn share(partitions: Vec<u32>) -> Response {
    let given = vec![TopicPartitions { topic: TOPIC.into(), partitions }];
    let given = given.into_iter().filter(|topic| !topic.partitions.is_empty()).collect();
    let assignment = Assignment { assigned_partitions: given, ..Assignment::default() };
    let assignment = ProtocolBytes::Assignment(assignment);
    SyncGroupResponse { assignment, ..SyncGroupResponse::default() }.into()
}
