//! The controller: which brokers are in service, who leads each partition and who is in sync
//! (kafka-semantics 9.1, 9.2; `ReplicationControlManager`, `PartitionChangeBuilder`). It never
//! fails.
//!
//! Eligible leader replicas (KIP-966) are on, as in every cluster that Kafka 4.1 or later created.

use crate::model::id::BrokerId;

/// A partition of any topic, `__consumer_offsets` included, as the controller numbers them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Row(pub u32);

impl Row {
    /// Its place in the controller's table.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A partition as the controller knows it (`PartitionRegistration`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registration {
    /// All replicas, the preferred leader first.
    pub replicas: Vec<BrokerId>,
    /// Who leads.
    pub leader: Option<BrokerId>,
    /// How often the leader has changed, or the partition's in-sync replicas lost a member.
    pub leader_epoch: i32,
    /// Who is in sync.
    pub isr: Vec<BrokerId>,
    /// Who was in sync when there were too few, and holds everything that was acknowledged then.
    elr: Vec<BrokerId>,
    /// Who led last, while nobody does.
    last_leader: Option<BrokerId>,
    /// `min.insync.replicas`, no more than there are replicas.
    pub min_isr: usize,
    /// `unclean.leader.election.enable`
    unclean: bool,
}

/// What the controller changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// Of which partition.
    pub row: Row,
    /// Whether it has another leader, or none.
    pub leader: bool,
    /// Whether other replicas are in sync.
    pub isr: bool,
    /// Whether the new leader may lack records that were acknowledged.
    pub unclean: bool,
}

/// A broker as the controller sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    /// In service.
    Active,
    /// About to leave in order: it leads nothing any more.
    Leaving,
    /// Out of service.
    Fenced,
}

/// What a partition is looked at again for.
#[derive(Clone, Copy, Debug, Default)]
struct Occasion {
    /// Leaves the in-sync replicas.
    removed: Option<BrokerId>,
    /// Came back without its last writes for sure on disk: it is no eligible leader any more.
    unclean_shutdown: Option<BrokerId>,
    /// Whether the preferred leader shall lead if it can.
    preferred: bool,
}

/// The controller's tables.
#[derive(Clone, Debug)]
pub struct Controller {
    brokers: Vec<Standing>,
    partitions: Vec<Registration>,
}

impl Controller {
    /// A controller of so many brokers, all of them in service.
    pub fn new(brokers: usize) -> Self {
        Controller { brokers: vec![Standing::Active; brokers], partitions: Vec::new() }
    }

    /// A new partition. Its first replica in service leads.
    pub fn add(&mut self, replicas: Vec<BrokerId>, min_isr: usize, unclean: bool) -> Row {
        let isr: Vec<BrokerId> =
            replicas.iter().copied().filter(|&replica| self.is_active(replica)).collect();
        self.partitions.push(Registration {
            leader: isr.first().copied(),
            leader_epoch: 0,
            elr: Vec::new(),
            last_leader: None,
            min_isr: min_isr.min(replicas.len()),
            unclean,
            isr,
            replicas,
        });
        Row(u32::try_from(self.partitions.len() - 1).expect("fewer than 2^32 partitions"))
    }

    /// A partition that has its place in the table is created now: whatever happened to brokers before
    /// is nothing to it (`ReplicationControlManager.buildPartitionRegistration`). If none of its
    /// replicas is in service, the first one that comes will lead.
    pub fn create(&mut self, row: Row) {
        let replicas = &self.partitions[row.index()].replicas;
        let mut isr: Vec<BrokerId> =
            replicas.iter().copied().filter(|&replica| self.is_active(replica)).collect();
        let leader = isr.first().copied();
        if isr.is_empty() {
            isr.clone_from(replicas);
        }
        let partition = &mut self.partitions[row.index()];
        (partition.leader, partition.leader_epoch, partition.isr) = (leader, 0, isr);
        (partition.elr, partition.last_leader) = (Vec::new(), None);
    }

    /// A partition.
    pub fn partition(&self, row: Row) -> &Registration {
        &self.partitions[row.index()]
    }

    /// All partitions.
    pub fn rows(&self) -> impl Iterator<Item = Row> + use<> {
        (0..self.partitions.len() as u32).map(Row)
    }

    /// Whether a broker is in service and not about to leave.
    pub fn is_active(&self, broker: BrokerId) -> bool {
        self.brokers[broker.index() - 1] == Standing::Active
    }

    /// Whether a broker is out of service.
    pub fn is_fenced(&self, broker: BrokerId) -> bool {
        self.brokers[broker.index() - 1] == Standing::Fenced
    }

    /// Brokers that are not out of service, by id.
    pub fn unfenced(&self) -> Vec<BrokerId> {
        let ids = (1..=self.brokers.len()).map(BrokerId::new);
        ids.filter(|&broker| !self.is_fenced(broker)).collect()
    }

    /// A broker's session ended, or it has shut down: it leaves the in-sync replicas, and what it
    /// led gets other leaders.
    pub fn fence(&mut self, broker: BrokerId, out: &mut Vec<Change>) {
        self.brokers[broker.index() - 1] = Standing::Fenced;
        self.remove(broker, out);
    }

    /// A broker asked to shut down in order: the same, while it still answers.
    pub fn begin_shutdown(&mut self, broker: BrokerId, out: &mut Vec<Change>) {
        if self.is_active(broker) {
            self.brokers[broker.index() - 1] = Standing::Leaving;
            self.remove(broker, out);
        }
    }

    fn remove(&mut self, broker: BrokerId, out: &mut Vec<Change>) {
        let occasion = Occasion { removed: Some(broker), ..Occasion::default() };
        for row in self.rows() {
            let partition = self.partition(row);
            if partition.leader == Some(broker) || partition.isr.contains(&broker) {
                self.change(row, occasion, out);
            }
        }
    }

    /// A broker that died registers again (`handleBrokerUncleanShutdown`): what it had not yet
    /// written to its disk may be gone.
    pub fn register_after_crash(&mut self, broker: BrokerId, out: &mut Vec<Change>) {
        self.brokers[broker.index() - 1] = Standing::Fenced;
        let occasion = Occasion { unclean_shutdown: Some(broker), ..Occasion::default() };
        for row in self.rows() {
            let partition = self.partition(row);
            let known = partition.isr.contains(&broker) || partition.elr.contains(&broker);
            if known || partition.leader == Some(broker) {
                self.change(row, occasion, out);
            }
        }
    }

    /// A broker is in service again: partitions without a leader look for one.
    pub fn unfence(&mut self, broker: BrokerId, out: &mut Vec<Change>) {
        self.brokers[broker.index() - 1] = Standing::Active;
        for row in self.rows() {
            if self.partition(row).leader.is_none() {
                self.change(row, Occasion::default(), out);
            }
        }
    }

    /// A leader says who is in sync with it (`AlterPartition`).
    pub fn alter_isr(&mut self, row: Row, isr: Vec<BrokerId>, out: &mut Vec<Change>) {
        self.change_to(row, isr, Occasion::default(), out);
    }

    /// Leaders that are not the preferred ones step back where those are in sync
    /// (`leader.imbalance.check.interval.seconds`).
    pub fn elect_preferred(&mut self, out: &mut Vec<Change>) {
        for row in self.rows() {
            if self.is_imbalanced(row) {
                let occasion = Occasion { preferred: true, ..Occasion::default() };
                self.change(row, occasion, out);
            }
        }
    }

    /// Whether another than the preferred replica leads, which could.
    pub fn is_imbalanced(&self, row: Row) -> bool {
        let partition = self.partition(row);
        let preferred = partition.replicas[0];
        partition.leader != Some(preferred)
            && partition.isr.contains(&preferred)
            && self.is_active(preferred)
    }

    fn change(&mut self, row: Row, occasion: Occasion, out: &mut Vec<Change>) {
        let gone = [occasion.removed, occasion.unclean_shutdown];
        let mut isr = self.partition(row).isr.clone();
        isr.retain(|replica| !gone.contains(&Some(*replica)));
        self.change_to(row, isr, occasion, out);
    }

    fn change_to(
        &mut self,
        row: Row,
        isr: Vec<BrokerId>,
        occasion: Occasion,
        out: &mut Vec<Change>,
    ) {
        let before = self.partition(row).clone();
        let mut after = before.clone();
        after.isr = isr;
        after.elr = eligible(&before, &after.isr, occasion.unclean_shutdown);
        let gone = [occasion.removed, occasion.unclean_shutdown];
        let acceptable =
            |replica: BrokerId| self.is_active(replica) && !gone.contains(&Some(replica));
        let (leader, unclean) = elect(&after, occasion.preferred, acceptable);
        if leader != before.leader
            && let Some(leader) = leader
        {
            if unclean {
                after.isr = vec![leader];
                after.elr.clear();
            } else if after.elr.contains(&leader) {
                after.isr = vec![leader];
                after.elr.retain(|&replica| replica != leader);
            }
        }
        after.leader = leader;
        // An in-sync replica less, and the epoch grows only with the leader since 3.6.
        after.leader_epoch += i32::from(leader != before.leader);
        after.last_leader = match leader {
            Some(_) => None,
            None => before.last_leader.or(before.leader),
        };
        if after != before {
            out.push(Change {
                row,
                leader: after.leader != before.leader,
                isr: after.isr != before.isr,
                unclean: unclean && leader != before.leader,
            });
            self.partitions[row.index()] = after;
        }
    }
}

/// Who is eligible to lead besides those in sync: whoever was in sync before there were too few.
fn eligible(
    before: &Registration,
    isr: &[BrokerId],
    unclean_shutdown: Option<BrokerId>,
) -> Vec<BrokerId> {
    if isr.len() >= before.min_isr {
        return Vec::new();
    }
    let mut elr: Vec<BrokerId> = before.elr.iter().chain(&before.isr).copied().collect();
    elr.sort_unstable();
    elr.dedup();
    elr.retain(|replica| !isr.contains(replica) && Some(*replica) != unclean_shutdown);
    elr
}

/// Who leads, and whether that may lose records.
fn elect(
    partition: &Registration,
    preferred: bool,
    acceptable: impl Fn(BrokerId) -> bool,
) -> (Option<BrokerId>, bool) {
    let Registration { replicas, isr, elr, .. } = partition;
    let valid = |&replica: &BrokerId| {
        (isr.contains(&replica) || isr.is_empty() && elr.contains(&replica)) && acceptable(replica)
    };
    if preferred && valid(&replicas[0]) {
        return (Some(replicas[0]), false);
    }
    let clean = partition.leader.filter(valid).or_else(|| replicas.iter().copied().find(valid));
    if clean.is_some() {
        return (clean, false);
    }
    if isr.is_empty()
        && elr.is_empty()
        && let Some(last) = partition.last_leader.filter(|&last| acceptable(last))
    {
        return (Some(last), true);
    }
    let anybody = replicas.iter().copied().find(|&replica| acceptable(replica));
    match anybody.filter(|_| partition.unclean) {
        Some(leader) => (Some(leader), true),
        None => (None, false),
    }
}

#[cfg(test)]
mod tests;
