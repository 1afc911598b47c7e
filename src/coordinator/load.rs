//! A coordinator begins to serve (kafka-semantics 3.15, 4.11, 7.4; `CoordinatorRuntime`).

use super::effect::Effect;
use super::shard::Shard;
use crate::kernel::time::Instant;
use crate::model::Name;
use crate::model::fact::RebalanceReason;
use crate::model::record::Record;

impl Shard {
    /// Begins to serve an empty log.
    pub fn start(&mut self, now: Instant) {
        self.schedule_expiry(now);
    }

    /// Applies records that the log held before, then begins to serve: sessions of all members
    /// begin anew (kafka-semantics 3.15, 7.4).
    pub fn load(
        &mut self,
        now: Instant,
        records: impl IntoIterator<Item = Record>,
        out: &mut Vec<Effect>,
    ) {
        for record in records {
            self.apply(now, self.written, record, &mut Vec::new());
            self.written += 1;
        }
        self.committed = self.written;
        self.offsets.written(self.written);
        self.offsets.settle(self.committed);
        self.created.clear();
        self.removed.clear();
        let names: Vec<Name> = self.groups.keys().cloned().collect();
        for name in names {
            self.begin_consumer_sessions(now, &name);
            self.begin_share_sessions(now, &name);
            let max = self.config.group_max_size;
            self.with_group(now, &name, out, |group, cx| {
                for member in group.member_ids() {
                    group.restart_session(&member, cx);
                }
                if group.members.len() > max {
                    // Kafka drops what this would write.
                    let _ = group.prepare_rebalance(RebalanceReason::OverCapacity, cx);
                }
            });
        }
    }
}
