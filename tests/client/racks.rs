//! What the leader of a group makes of racks that change.

use crate::brokers::{World, at, metadata, settings};
use rejoin::kernel::time::Span;
use rejoin::model::config::{CommitMode, ConsumerConfig};
use rejoin::model::id::BrokerId;
use rejoin::model::message::cluster::MetadataResponse;
use std::sync::Arc;

/// Three brokers, each in a rack of its own; these are in service.
fn in_service(brokers: &[u32]) -> Arc<MetadataResponse> {
    let all = metadata(3, 0);
    let racks = ["a", "b", "c"].map(|rack| Some(rack.into())).to_vec();
    let brokers = brokers.iter().map(|&id| BrokerId(id)).collect();
    MetadataResponse { racks, brokers, ..(*all).clone() }.into()
}

#[test]
fn a_leader_with_a_rack_joins_again_when_a_broker_goes_out_of_service() {
    for (rack, leads, joins) in [("a", true, 1), ("", true, 0), ("a", false, 0)] {
        let metadata_max_age = Span::from_secs(10);
        let client_rack = rack.to_owned();
        let settings = ConsumerConfig { client_rack, metadata_max_age, ..settings() };
        let mut world = World::new(settings, CommitMode::None);
        (world.leads, world.metadata) = (leads, in_service(&[1, 2, 3]));
        world.run_until(at(15_000));
        world.metadata = in_service(&[1, 2]);
        world.run_until(at(30_000));
        assert_eq!(world.asked("JoinGroup", at(15_000)).len(), joins, "{rack} {leads}");
    }
}
