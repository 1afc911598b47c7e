//! What a new coordinator makes of the log of another.

use super::*;
use crate::conform::batch::Batches;
use crate::coordinator::classic::state::GroupState;
use crate::model::message::offset::OffsetFetchRequest;

/// A file of dialogues.
macro_rules! dialogues {
    ($file:literal) => {
        &include_bytes!(concat!("../../../tests/vectors/coordinator/", $file))[..]
    };
}

/// Dialogues of all kinds.
fn scripts() -> impl Iterator<Item = Script> {
    let files = [
        dialogues!("readable-classic.jsonl"),
        dialogues!("random-classic.jsonl.gz"),
        dialogues!("readable-consumer.jsonl"),
        dialogues!("random-consumer.jsonl.gz"),
        dialogues!("readable-mixed.jsonl"),
        dialogues!("random-mixed.jsonl.gz"),
        dialogues!("readable-share.jsonl"),
        dialogues!("random-share.jsonl.gz"),
    ];
    let lines = files.into_iter().flat_map(|file| {
        let mut lines = Vec::new();
        let mut batches = Batches::new(file).expect("it can be read");
        assert!(!batches.next(&mut lines).expect("it can be read"), "one batch is all");
        lines
    });
    lines.map(|line| serde_json::from_str(&line.text).expect("a dialogue"))
}

fn ask(shard: &mut Shard, now: Instant, request: Request) -> Vec<Effect> {
    let client = RequestContext {
        api_version: 5,
        client_id: "asker".into(),
        client_host: "/127.0.0.1".into(),
    };
    let mut out = Vec::new();
    let mut no_ids = || unreachable!("nobody joins");
    shard.handle(now, u64::MAX, &client, request, &mut no_ids, &mut out);
    out
}

/// What a coordinator tells of a group's offsets, and of its members if nothing of it is in
/// memory alone.
fn told(shard: &mut Shard, now: Instant, group: &Name) -> (Vec<Effect>, Vec<Effect>) {
    let offsets = OffsetFetchRequest {
        group_id: group.clone(),
        topics: None,
        ..OffsetFetchRequest::default()
    };
    let group = Request::DescribeGroups(vec![group.clone()]);
    (ask(shard, now, offsets.into()), ask(shard, now, group))
}

#[test]
fn replaying_the_log_gives_the_persisted_state() {
    let mut compared = 0;
    for script in scripts() {
        let mut player = Player::new(&script).expect("it is supported");
        let fails = |step: &Step| step.r#do.as_deref() == Some("AppendError");
        if script.steps.iter().any(fails) || !player.commit_delay.is_zero() {
            // Memory may be ahead of the log.
            continue;
        }
        let mut inputs = script.steps.iter().filter(|step| step.r#do.is_some()).peekable();
        while let Some(input) = inputs.next() {
            player.run(input).expect("it is supported");
            player.advance(inputs.peek().map(|next| next.t));
            let (log, now) = (player.log.clone(), player.now);
            let mut heir = Shard::new(settings(&script).expect("it is supported").0);
            heir.update_topics(now, player.shard.topics().clone(), &mut Vec::new());
            heir.load(now, log.read(false), log.end(), &mut Vec::new());
            for id in player.shard.group_ids() {
                let before = player.shard.snapshot(&id);
                let settled = [GroupState::Stable, GroupState::Empty].map(GroupState::name);
                let classic = &*before.r#type == "classic";
                if classic && (before.generation == 0 || !settled.contains(&&*before.state)) {
                    // The progress of a join is memory, lost at a failover as in Kafka.
                    continue;
                }
                let after = heir.snapshot(&id);
                let pending_sync = BTreeSet::new();
                let before = GroupSnapshot { pending_join: 0, pending_sync, ..before };
                assert_eq!(before, after, "{} after #{}", script.id, input.n);
                let (old, new) = (told(&mut player.shard, now, &id), told(&mut heir, now, &id));
                assert_eq!(old, new, "{} after #{}", script.id, input.n);
                compared += 1;
            }
        }
    }
    assert!(compared > 1_000, "only {compared} comparisons");
}

/// The new coordinator's limit may be lower than its predecessor's.
#[test]
fn a_group_too_large_for_the_new_coordinator_begins_a_rebalance() {
    let mut too_large = 0;
    for script in scripts() {
        let mut player = Player::new(&script).expect("it is supported");
        let mut inputs = script.steps.iter().filter(|step| step.r#do.is_some()).peekable();
        while let Some(input) = inputs.next() {
            player.run(input).expect("it is supported");
            player.advance(inputs.peek().map(|next| next.t));
        }
        let (mut config, _) = settings(&script).expect("it is supported");
        config.group_max_size = 1;
        let mut heir = Shard::new(config);
        let log = player.log.clone();
        heir.load(player.now, log.read(false), log.end(), &mut Vec::new());
        for id in heir.group_ids() {
            let group = heir.snapshot(&id);
            if &*group.r#type == "classic" && !group.members.is_empty() {
                let prepares = &*group.state == GroupState::PreparingRebalance.name();
                assert_eq!(prepares, group.members.len() > 1, "{} of {}", id, script.id);
                too_large += u32::from(prepares);
            }
        }
    }
    assert!(too_large > 3, "only {too_large} groups");
}
