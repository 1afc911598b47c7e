//! Facts as JSON lines, with the event names of Kafka's `VerifiableConsumer` where they exist.

use super::names::Names;
use crate::kernel::time::Instant;
use crate::model::fact::{
    BrokerFact, ConsumerFact, Fact, GroupFact, PartitionFact, PositionSource, ProducerFact,
    Standstill,
};
use crate::model::id::PartitionId;
use crate::model::topic::Topics;
use crate::scenario::Scenario;
use crate::trace::{ConsumerInfo, Observer};
use serde::Serialize;
use serde_json::{Value, json};

/// Turns the facts of a run under way into lines.
#[derive(Debug)]
pub struct Lines<'a, Sink> {
    scenario: &'a Scenario,
    topics: Topics,
    consumers: Vec<ConsumerInfo>,
    sink: Sink,
}

impl<'a, Sink: FnMut(&str)> Lines<'a, Sink> {
    /// Lines of a run of this scenario. The sink gets one at a time, without its end.
    pub fn new(scenario: &'a Scenario, sink: Sink) -> Self {
        Lines { scenario, topics: Topics::default(), consumers: Vec::new(), sink }
    }
}

impl<Sink: FnMut(&str)> Observer for Lines<'_, Sink> {
    fn topics(&mut self, topics: &Topics) {
        self.topics = topics.clone();
    }

    fn consumer(&mut self, info: &ConsumerInfo) {
        self.consumers.push(info.clone());
    }

    fn fact(&mut self, at: Instant, fact: &Fact) {
        let (topics, consumers) = (&self.topics, self.consumers.as_slice());
        let names = Names { scenario: self.scenario, topics, consumers };
        if let Some(line) = names.line(at, fact) {
            (self.sink)(&line);
        }
    }
}

/// A moment in seconds, exact.
fn seconds(at: Instant) -> Value {
    let us = at.as_us();
    if us.is_multiple_of(1_000_000) { json!(us / 1_000_000) } else { json!(us as f64 / 1e6) }
}

/// A line: the parts that most lines have, in the order in which people look for them.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: Value,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consumer: Option<&'a str>,
    #[serde(flatten)]
    rest: Value,
}

impl Names<'_> {
    /// The line of a fact, without its end; `None` for facts too frequent to be written.
    pub fn line(&self, at: Instant, fact: &Fact) -> Option<String> {
        let (name, group, consumer, rest) = match fact {
            Fact::Struck { event, consumers } => {
                let action = &self.scenario.events[*event].action;
                let names: Vec<&str> = consumers.iter().map(|&id| self.consumer(id)).collect();
                let rest = json!({ "action": action.name(), "consumers": names });
                ("event", None, None, rest)
            }
            Fact::Consumer { consumer, what } => {
                let (name, rest) = self.consumer_line(what)?;
                let group = self.group(self.group_of(*consumer));
                (name, Some(group), Some(self.consumer(*consumer)), rest)
            }
            Fact::Group { group, what } => {
                let (name, rest) = self.group_line(what);
                (name, Some(self.group(*group)), None, rest)
            }
            Fact::Broker { broker, what } => {
                let (name, mut rest) = broker_line(*what);
                rest["broker"] = json!(broker.0);
                (name, None, None, rest)
            }
            Fact::Partition { partition, what } => {
                let (name, rest) = partition_line(what);
                let mut fields = self.partition_fields(*partition);
                for (key, value) in rest.as_object().into_iter().flatten() {
                    fields[key] = value.clone();
                }
                (name, None, None, fields)
            }
            Fact::Producer { producer, number, what } => {
                let (name, mut rest) = producer_line(what);
                let block = &self.scenario.producers[producer.index()];
                rest["producer"] = json!(block.name);
                if block.count > 1 {
                    rest["number"] = json!(number);
                }
                (name, None, None, rest)
            }
        };
        let line = Line { timestamp: seconds(at), name, group, consumer, rest };
        Some(serde_json::to_string(&line).expect("numbers and texts"))
    }

    fn partition_fields(&self, id: PartitionId) -> Value {
        let (topic, index) = self.topics.of(id);
        json!({ "topic": &**self.topics.name(topic), "partition": index })
    }

    fn partitions(&self, ids: &[PartitionId]) -> Value {
        ids.iter().map(|&id| self.partition_fields(id)).collect()
    }

    fn consumer_line(&self, what: &ConsumerFact) -> Option<(&'static str, Value)> {
        Some(match what {
            ConsumerFact::Started => ("startup_complete", json!({})),
            ConsumerFact::Crashed => ("crashed", json!({})),
            ConsumerFact::Closed => ("shutdown_complete", json!({})),
            ConsumerFact::Paused { until } => ("paused", json!({ "until": seconds(*until) })),
            ConsumerFact::Failed(why) => ("failed", json!({ "error": why.to_string() })),
            ConsumerFact::CoordinatorFound(broker) => {
                ("coordinator_found", json!({ "broker": broker.0 }))
            }
            ConsumerFact::CoordinatorLost => ("coordinator_unknown", json!({})),
            ConsumerFact::JoinSent => ("join_sent", json!({})),
            ConsumerFact::PollTimeout => ("poll_timeout", json!({})),
            ConsumerFact::Revoked(ids) => {
                ("partitions_revoked", json!({ "partitions": self.partitions(ids) }))
            }
            ConsumerFact::Lost(ids) => {
                ("partitions_lost", json!({ "partitions": self.partitions(ids) }))
            }
            ConsumerFact::Assigned { generation, partitions } => (
                "partitions_assigned",
                json!({ "generation": generation, "partitions": self.partitions(partitions) }),
            ),
            ConsumerFact::GivenTwice(ids) => {
                ("partitions_given_twice", json!({ "partitions": self.partitions(ids) }))
            }
            ConsumerFact::PartitionsPaused(ids) => {
                ("partitions_paused", json!({ "partitions": self.partitions(ids) }))
            }
            ConsumerFact::PartitionsResumed(ids) => {
                ("partitions_resumed", json!({ "partitions": self.partitions(ids) }))
            }
            ConsumerFact::Positioned { partition, offset, source } => {
                let source = match source {
                    PositionSource::Committed => "committed",
                    PositionSource::Reset => "reset",
                    PositionSource::OutOfRange => "out_of_range",
                    PositionSource::Truncated => "truncated",
                };
                let mut fields = self.partition_fields(*partition);
                fields["offset"] = json!(offset);
                fields["source"] = json!(source);
                ("position", fields)
            }
            ConsumerFact::Ready => ("ready", json!({})),
            ConsumerFact::Committed { offsets, .. } => {
                let offsets = offsets.iter().map(|&(partition, offset)| {
                    let mut fields = self.partition_fields(partition);
                    fields["offset"] = json!(offset);
                    fields
                });
                let offsets: Value = offsets.collect();
                ("offsets_committed", json!({ "offsets": offsets, "success": true }))
            }
            ConsumerFact::CommitFailed(code) => {
                ("offsets_committed", json!({ "error": code, "success": false }))
            }
            ConsumerFact::Processed(_) => return None,
        })
    }

    fn group_line(&self, what: &GroupFact) -> (&'static str, Value) {
        match what {
            GroupFact::CoordinatorLost { broker } => {
                ("coordinator_lost", json!({ "broker": broker.0 }))
            }
            GroupFact::Loading { broker, records, until } => (
                "coordinator_loading",
                json!({ "broker": broker.0, "records": records, "until": seconds(*until) }),
            ),
            GroupFact::Loaded { broker, generation, members } => {
                let members: Value = members.iter().map(|(id, _)| self.consumer(*id)).collect();
                (
                    "coordinator_loaded",
                    json!({ "broker": broker.0, "generation": generation, "members": members }),
                )
            }
            GroupFact::CommitsStandStill(why) => ("commits_stand_still", still(*why)),
            GroupFact::CommitsFlow => ("commits_flow", json!({})),
            GroupFact::MemberAdded { consumer, member } => (
                "member_added",
                json!({ "consumer": self.consumer(*consumer), "member": &**member }),
            ),
            GroupFact::MemberRemoved { consumer, member, reason } => (
                "member_removed",
                json!({
                    "consumer": self.consumer(*consumer),
                    "member": &**member,
                    "reason": reason.name(),
                }),
            ),
            GroupFact::Preparing { reason } => {
                ("rebalance_started", json!({ "reason": reason.name() }))
            }
            GroupFact::Generation { generation, protocol, leader, members } => {
                let members: Value = members.iter().map(|&id| self.consumer(id)).collect();
                (
                    "generation",
                    json!({
                        "generation": generation,
                        "protocol": protocol.as_deref(),
                        "leader": leader.map(|id| self.consumer(id)),
                        "members": members,
                    }),
                )
            }
            GroupFact::OffsetsDeleted { partitions } => {
                ("offsets_deleted", json!({ "partitions": self.partitions(partitions) }))
            }
            GroupFact::Deleted => ("group_deleted", json!({})),
            GroupFact::Stable { generation } => {
                ("group_stable", json!({ "generation": generation }))
            }
            GroupFact::OffsetsFound { offsets } => {
                let offsets = offsets.iter().map(|&(partition, offset)| {
                    let mut fields = self.partition_fields(partition);
                    fields["offset"] = json!(offset);
                    fields
                });
                let offsets: Value = offsets.collect();
                ("offsets_found", json!({ "offsets": offsets }))
            }
            GroupFact::Epoch { epoch } => ("group_epoch", json!({ "epoch": epoch })),
            GroupFact::Target { epoch, moves } => {
                ("target_assignment", json!({ "assignment_epoch": epoch, "moves": moves }))
            }
            GroupFact::Member { consumer, member, epoch, state, partitions, revoking } => (
                "member_epoch",
                json!({
                    "consumer": self.consumer(*consumer),
                    "member": &**member,
                    "member_epoch": epoch,
                    "state": state.name(),
                    "partitions": self.partitions(partitions),
                    "revoking": self.partitions(revoking),
                }),
            ),
        }
    }
}

fn still(why: Standstill) -> Value {
    let mut fields = json!({ "reason": why.name() });
    if let Some(broker) = why.broker() {
        fields["broker"] = json!(broker.0);
    }
    fields
}

fn broker_line(what: BrokerFact) -> (&'static str, Value) {
    match what {
        BrokerFact::Killed => ("broker_killed", json!({})),
        BrokerFact::Stopped => ("broker_stopped", json!({})),
        BrokerFact::Paused { until } => ("broker_paused", json!({ "until": seconds(until) })),
        BrokerFact::Started => ("broker_started", json!({})),
        BrokerFact::Fenced => ("broker_fenced", json!({})),
        BrokerFact::Unfenced => ("broker_unfenced", json!({})),
    }
}

fn producer_line(what: &ProducerFact) -> (&'static str, Value) {
    match what {
        ProducerFact::Blocked => ("producer_blocked", json!({})),
        ProducerFact::Unblocked { since, kept_back, refused } => (
            "producer_unblocked",
            json!({ "since": seconds(*since), "kept_back": kept_back, "refused": refused }),
        ),
    }
}

fn partition_line(what: &PartitionFact) -> (&'static str, Value) {
    match what {
        PartitionFact::Leader { leader, epoch } => (
            "leader_changed",
            json!({ "leader": leader.map(|broker| broker.0), "leader_epoch": epoch }),
        ),
        PartitionFact::InSync(replicas) => {
            let replicas: Vec<u32> = replicas.iter().map(|broker| broker.0).collect();
            ("in_sync_replicas", json!({ "isr": replicas }))
        }
        PartitionFact::Created => ("partition_created", json!({})),
        PartitionFact::Truncated { old_leader, epoch, to, end, acknowledged, unclean, .. } => (
            "log_truncated",
            json!({
                "old_leader": old_leader.map(|broker| broker.0),
                "leader_epoch": epoch,
                "to": to,
                "end": end,
                "acknowledged": acknowledged,
                "unclean": unclean,
            }),
        ),
        PartitionFact::StandsStill(why) => ("partition_stands_still", still(*why)),
        PartitionFact::Flows => ("partition_flows", json!({})),
        PartitionFact::StartMoved { to } => ("log_start_moved", json!({ "to": to })),
        PartitionFact::Deleted { end } => ("partition_deleted", json!({ "end": end })),
        PartitionFact::Repeated { from, to } => {
            ("records_repeated", json!({ "from": from, "to": to }))
        }
        PartitionFact::Undelivered { records } => {
            ("records_undelivered", json!({ "records": records }))
        }
    }
}
