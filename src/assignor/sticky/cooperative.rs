//! What a cooperative member must wait for where subscriptions differ: a partition that another
//! one gives up in the same round.

use super::super::frame::NONE;
use super::claims::Claims;

/// Takes out of the lists what somebody owned and no longer gets, and somebody else would get;
/// `walk` is the order in which Kafka goes through the lists.
pub(super) fn withhold(claims: &Claims, lists: &mut [Vec<u32>], walk: &[u32]) {
    let count = claims.partitions() as usize;
    let mut added_to = vec![NONE; count];
    let mut is_given_up = vec![false; count];
    // Who was the last to be seen with a partition, as owned and as assigned.
    let (mut owned_by, mut assigned_to) = (vec![NONE; count], vec![NONE; count]);
    for &member in walk {
        for &partition in claims.of(member) {
            owned_by[partition as usize] = member;
        }
        for &partition in &lists[member as usize] {
            assigned_to[partition as usize] = member;
            if owned_by[partition as usize] != member {
                added_to[partition as usize] = member;
            }
        }
        for &partition in claims.of(member) {
            is_given_up[partition as usize] |= assigned_to[partition as usize] != member;
        }
    }
    for (member, list) in (0..).zip(lists) {
        list.retain(|&partition| {
            let added_to = &mut added_to[partition as usize];
            let waits = *added_to == member && is_given_up[partition as usize];
            if waits {
                // Should it stand there twice, one stays.
                *added_to = NONE;
            }
            !waits
        });
    }
}
