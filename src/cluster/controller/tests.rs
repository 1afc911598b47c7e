use super::*;

fn ids(ids: &[u32]) -> Vec<BrokerId> {
    ids.iter().map(|&id| BrokerId(id)).collect()
}

/// Three brokers and one partition.
fn cluster(replicas: &[u32], min_isr: usize, unclean: bool) -> (Controller, Row) {
    let mut controller = Controller::new(3);
    let row = controller.add(ids(replicas), min_isr, unclean);
    (controller, row)
}

fn fence(controller: &mut Controller, broker: u32) -> Vec<Change> {
    let mut out = Vec::new();
    controller.fence(BrokerId(broker), &mut out);
    out
}

fn leader(controller: &Controller, row: Row) -> (Option<u32>, i32, Vec<u32>) {
    let partition = controller.partition(row);
    let isr = partition.isr.iter().map(|broker| broker.0).collect();
    (partition.leader.map(|broker| broker.0), partition.leader_epoch, isr)
}

#[test]
fn the_first_replica_in_sync_follows_a_dead_leader() {
    let (mut controller, row) = cluster(&[2, 3, 1], 1, false);
    assert_eq!(leader(&controller, row), (Some(2), 0, vec![2, 3, 1]));
    let changes = fence(&mut controller, 2);
    assert_eq!(changes, [Change { row, leader: true, isr: true, unclean: false }]);
    assert_eq!(leader(&controller, row), (Some(3), 1, vec![3, 1]));
    // A follower's end changes no epoch.
    fence(&mut controller, 1);
    assert_eq!(leader(&controller, row), (Some(3), 1, vec![3]));
}

#[test]
fn replicas_out_of_sync_do_not_lead() {
    let (mut controller, row) = cluster(&[1, 2, 3], 1, false);
    controller.alter_isr(row, ids(&[1, 3]), &mut Vec::new());
    fence(&mut controller, 1);
    assert_eq!(leader(&controller, row), (Some(3), 1, vec![3]));
}

#[test]
fn the_last_one_in_sync_is_waited_for() {
    let (mut controller, row) = cluster(&[1, 2], 1, false);
    controller.alter_isr(row, ids(&[1]), &mut Vec::new());
    fence(&mut controller, 1);
    assert_eq!(leader(&controller, row), (None, 1, vec![]));
    let mut out = Vec::new();
    controller.register_after_crash(BrokerId(1), &mut out);
    controller.unfence(BrokerId(1), &mut out);
    // It was the last leader.
    assert_eq!(leader(&controller, row), (Some(1), 2, vec![1]));
}

#[test]
fn eligible_replicas_lead_when_nobody_is_in_sync() {
    let (mut controller, row) = cluster(&[1, 2, 3], 2, false);
    fence(&mut controller, 1);
    // Too few in sync from here on: those who leave stay eligible.
    fence(&mut controller, 2);
    fence(&mut controller, 3);
    assert_eq!(leader(&controller, row), (None, 3, vec![]));
    let mut out = Vec::new();
    controller.unfence(BrokerId(2), &mut out);
    assert_eq!(leader(&controller, row), (Some(2), 4, vec![2]));
    assert!(!out[0].unclean);
}

#[test]
fn anybody_leads_where_losses_are_allowed() {
    for (unclean, expected) in [(true, Some(2)), (false, None)] {
        let (mut controller, row) = cluster(&[1, 2, 3], 1, unclean);
        controller.alter_isr(row, ids(&[1]), &mut Vec::new());
        let changes = fence(&mut controller, 1);
        assert_eq!(leader(&controller, row).0, expected);
        assert_eq!(changes[0].unclean, unclean);
    }
}

#[test]
fn preferred_leaders_come_back() {
    let (mut controller, row) = cluster(&[1, 2], 1, false);
    fence(&mut controller, 1);
    let mut out = Vec::new();
    controller.unfence(BrokerId(1), &mut out);
    assert!(out.is_empty() && !controller.is_imbalanced(row), "it is not in sync yet");
    controller.alter_isr(row, ids(&[2, 1]), &mut out);
    assert!(controller.is_imbalanced(row));
    controller.elect_preferred(&mut out);
    assert_eq!(leader(&controller, row), (Some(1), 2, vec![2, 1]));
}

#[test]
fn a_broker_that_leaves_in_order_hands_over_first() {
    let (mut controller, row) = cluster(&[1, 2], 1, false);
    let mut out = Vec::new();
    controller.begin_shutdown(BrokerId(1), &mut out);
    assert_eq!(leader(&controller, row), (Some(2), 1, vec![2]));
    assert!(!controller.is_fenced(BrokerId(1)) && !controller.is_active(BrokerId(1)));
}
