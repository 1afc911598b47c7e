//! Fetch sessions: a broker remembers what a client reads from it, and in which order (KIP-227;
//! `FetchSessionHandler` on the client, `FetchSession` and `IncrementalFetchContext` on the broker).
//! Sessions only decide who is read first, where a response has no room for all.

use crate::model::id::{BrokerId, PartitionId};
use crate::model::message::fetch::FetchPartition;

/// The sessions of a client, one with each broker.
#[derive(Clone, Debug, Default)]
pub(super) struct FetchSessions {
    sessions: Vec<Session>,
}

#[derive(Clone, Debug)]
struct Session {
    broker: BrokerId,
    /// In the order in which the broker reads them.
    partitions: Vec<PartitionId>,
    /// Whether the broker has answered: only then is there a session.
    exists: bool,
}

impl FetchSessions {
    /// Puts a fetch into the order in which its broker reads. What is new comes last, in the
    /// client's order; what the fetch leaves out is forgotten.
    pub(super) fn arrange(&mut self, broker: BrokerId, fetch: &mut [FetchPartition]) {
        let Some(session) = self.sessions.iter_mut().find(|session| session.broker == broker)
        else {
            let partitions = fetch.iter().map(|asked| asked.partition).collect();
            return self.sessions.push(Session { broker, partitions, exists: false });
        };
        let known = &mut session.partitions;
        if known.iter().eq(fetch.iter().map(|asked| &asked.partition)) {
            return;
        }
        let mut asked: Vec<(PartitionId, FetchPartition)> =
            fetch.iter().map(|asked| (asked.partition, *asked)).collect();
        asked.sort_unstable_by_key(|(partition, _)| *partition);
        let find = |wanted: PartitionId| asked.binary_search_by_key(&wanted, |&(id, _)| id).ok();
        let mut is_new = vec![true; asked.len()];
        known.retain(|&partition| {
            find(partition).is_some_and(|at| {
                is_new[at] = false;
                true
            })
        });
        let new = |partition: &PartitionId| find(*partition).is_some_and(|at| is_new[at]);
        known.extend(fetch.iter().map(|asked| asked.partition).filter(new));
        for (place, &partition) in fetch.iter_mut().zip(&*known) {
            if let Some(at) = find(partition) {
                *place = asked[at].1;
            }
        }
    }

    /// A broker has answered, with records of these partitions, in its order: they go to the end. The
    /// first answer only makes the session.
    pub(super) fn answered(
        &mut self,
        broker: BrokerId,
        mut brought: impl Iterator<Item = PartitionId> + Clone,
    ) {
        let Some(session) = self.sessions.iter_mut().find(|session| session.broker == broker)
        else {
            return;
        };
        if std::mem::replace(&mut session.exists, true) {
            let all = brought.clone();
            let mut next = brought.next();
            session.partitions.retain(|&partition| {
                let moves = next == Some(partition);
                if moves {
                    next = brought.next();
                }
                !moves
            });
            session.partitions.extend(all);
        }
    }

    /// A fetch has failed: the next one begins a session.
    pub(super) fn end(&mut self, broker: BrokerId) {
        self.sessions.retain(|session| session.broker != broker);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::error::ErrorCode;

    fn fetch(partitions: &[u32]) -> Vec<FetchPartition> {
        let of = |&id: &u32| FetchPartition {
            partition: PartitionId(id),
            leader_epoch: 0,
            from: u64::from(id),
            to: u64::from(id),
            error_code: ErrorCode::None,
        };
        partitions.iter().map(of).collect()
    }

    fn arranged(sessions: &mut FetchSessions, partitions: &[u32]) -> Vec<u32> {
        let mut fetch = fetch(partitions);
        sessions.arrange(BrokerId(1), &mut fetch);
        assert!(fetch.iter().all(|asked| asked.from == u64::from(asked.partition.0)));
        fetch.iter().map(|asked| asked.partition.0).collect()
    }

    fn answered(sessions: &mut FetchSessions, partitions: &[u32]) {
        sessions.answered(BrokerId(1), partitions.iter().map(|&id| PartitionId(id)));
    }

    #[test]
    fn who_brought_records_goes_to_the_end_but_not_with_the_first_answer() {
        let mut sessions = FetchSessions::default();
        assert_eq!(arranged(&mut sessions, &[3, 1, 2, 0]), [3, 1, 2, 0]);
        answered(&mut sessions, &[3, 2]);
        assert_eq!(
            arranged(&mut sessions, &[1, 0, 3, 2]),
            [3, 1, 2, 0],
            "whatever the client's order"
        );
        answered(&mut sessions, &[3, 2]);
        assert_eq!(arranged(&mut sessions, &[0, 1, 2, 3]), [1, 0, 3, 2]);
        answered(&mut sessions, &[]);
        assert_eq!(arranged(&mut sessions, &[0, 1, 2, 3]), [1, 0, 3, 2]);
    }

    #[test]
    fn what_is_left_out_is_forgotten_and_comes_last_when_it_is_back() {
        let mut sessions = FetchSessions::default();
        arranged(&mut sessions, &[0, 1, 2, 3]);
        answered(&mut sessions, &[]);
        assert_eq!(arranged(&mut sessions, &[3, 2, 0]), [0, 2, 3]);
        assert_eq!(arranged(&mut sessions, &[5, 1, 0, 2, 3]), [0, 2, 3, 5, 1]);
    }

    #[test]
    fn after_a_failure_a_session_begins_in_the_clients_order() {
        let mut sessions = FetchSessions::default();
        arranged(&mut sessions, &[0, 1, 2]);
        answered(&mut sessions, &[]);
        answered(&mut sessions, &[0]);
        sessions.end(BrokerId(1));
        assert_eq!(arranged(&mut sessions, &[0, 1, 2]), [0, 1, 2]);
    }
}
