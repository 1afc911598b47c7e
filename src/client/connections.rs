//! Connections that broke: what was asked on them fails, and when they may be opened again
//! (`NetworkClient`, `ClusterConnectionStates`).

use super::consumer::Consumer;
use super::effect::{Connection, Effect, Note};
use super::lookup::Pending;
use crate::kernel::time::Instant;
use crate::model::id::BrokerId;

/// Connections that are not open.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    /// They broke since the last pass.
    broken: Vec<Connection>,
    lost: Vec<Lost>,
    /// Brokers to which the client has a connection that is not one of its first, to whom
    /// `bootstrap.servers` names.
    met: Vec<BrokerId>,
    /// No answer that is awaited is overdue before; it may be the deadline of one that has come.
    overdue_at: Instant,
}

impl Default for Connections {
    fn default() -> Self {
        Connections {
            broken: Vec::new(),
            lost: Vec::new(),
            met: Vec::new(),
            overdue_at: Instant::NEVER,
        }
    }
}

/// A connection that was lost or refused.
#[derive(Clone, Copy, Debug)]
struct Lost {
    connection: Connection,
    /// So often without an answer in between.
    failures: u32,
    /// Not to be opened before.
    until: Instant,
}

impl Connections {
    /// A connection broke.
    pub(super) fn broke(&mut self, connection: Connection) {
        self.broken.push(connection);
    }

    /// Whether something broke that nobody has seen to.
    pub(super) fn any_broken(&self) -> bool {
        !self.broken.is_empty()
    }

    /// An answer came: the connection is well.
    pub(super) fn answered(&mut self, connection: Connection) {
        if !self.lost.is_empty() {
            self.lost.retain(|lost| lost.connection != connection);
        }
    }

    /// Whether a connection was lost, and is not to be opened yet (`connectionFailed`).
    pub(super) fn is_unavailable(&self, connection: Connection, now: Instant) -> bool {
        self.lost.iter().any(|lost| lost.connection == connection && now < lost.until)
    }

    /// Whether there is a connection to a broker, other than to whom `bootstrap.servers` names.
    pub(super) fn has_met(&self, broker: BrokerId) -> bool {
        self.met.contains(&broker)
    }

    /// The connection to a broker is used, or opened. Whether it was open before.
    pub(super) fn meet(&mut self, broker: BrokerId) -> bool {
        let met = self.met.contains(&broker);
        if !met {
            self.met.push(broker);
        }
        met
    }

    /// An answer is awaited until then.
    pub(super) fn expect_by(&mut self, deadline: Instant) {
        self.overdue_at = self.overdue_at.min(deadline);
    }

    /// When to look whether an answer is overdue.
    pub(super) fn overdue_at(&self) -> Instant {
        self.overdue_at
    }

    /// Since when a connection may be opened again, if it was lost.
    pub(super) fn lost_until(&self, connection: Connection) -> Option<Instant> {
        let lost = self.lost.iter().find(|lost| lost.connection == connection);
        lost.map(|lost| lost.until)
    }

    /// Whether some connection is not open.
    pub(super) fn any_lost(&self) -> bool {
        !self.lost.is_empty()
    }
}

impl Consumer {
    /// A connection is gone: it is not opened before its backoff is over
    /// (`reconnect.backoff.ms`, `reconnect.backoff.max.ms`).
    pub(super) fn lose_connection(&mut self, now: Instant, connection: Connection) {
        let lost = self.connections.lost.iter().position(|lost| lost.connection == connection);
        let failures = lost.map_or(0, |at| self.connections.lost[at].failures);
        let (first, longest) =
            (self.settings.reconnect_backoff, self.settings.reconnect_backoff_max);
        let until = now + self.jittered(first, longest, failures);
        if !connection.coordinator {
            self.connections.met.retain(|&met| met != connection.broker);
        }
        let entry = Lost { connection, failures: failures + 1, until };
        match lost {
            Some(at) => self.connections.lost[at] = entry,
            None => self.connections.lost.push(entry),
        }
    }

    /// Gives up the connections on which an answer is overdue (`request.timeout.ms`;
    /// `NetworkClient.handleTimedOutRequests`): all that is in flight on them fails.
    pub(super) fn give_up_overdue(&mut self, now: Instant, out: &mut Vec<Effect>) {
        if now < self.connections.overdue_at {
            return;
        }
        let mut overdue_at = Instant::NEVER;
        let mut overdue: Vec<Connection> = Vec::new();
        let asked = self.pending.iter().filter(|pending| {
            // What has arrived is handled first.
            !self.inbox.iter().any(|&(correlation, _)| correlation == pending.correlation())
        });
        let asked = asked.map(|pending| (pending.connection(), pending.deadline()));
        for (connection, deadline) in asked.chain(self.fetcher.deadlines()) {
            if self.connections.broken.contains(&connection) || overdue.contains(&connection) {
            } else if deadline <= now {
                overdue.push(connection);
            } else {
                overdue_at = overdue_at.min(deadline);
            }
        }
        self.connections.overdue_at = overdue_at;
        for &connection in &overdue {
            out.push(Effect::Disconnect(connection));
            self.connections.broke(connection);
        }
        if !overdue.is_empty() {
            self.arrived(now);
        }
    }

    /// Sees to the connections that broke: what was asked on them fails, and the client asks for
    /// metadata, which may name somebody else.
    pub(super) fn handle_broken(&mut self, now: Instant, out: &mut Vec<Effect>) {
        for connection in std::mem::take(&mut self.connections.broken) {
            self.lose_connection(now, connection);
            let on_it = |pending: &mut Pending| pending.connection() == connection;
            let mut failed: Vec<Pending> = self.pending.extract_if(.., on_it).collect();
            failed.sort_by_key(Pending::correlation);
            let coordinator = connection.coordinator
                && self.lookup.coordinator == Some(connection.broker)
                && (self.modern.is_none() || !failed.is_empty());
            if coordinator {
                self.lookup.coordinator = None;
                Self::note(Note::CoordinatorLost, out);
                self.wake_application();
            }
            if !connection.coordinator && self.fetcher.give_up(connection.broker) {
                self.subscription.avoid(connection.broker);
            }
            self.metadata.want();
            for pending in failed {
                self.on_disconnect(now, pending.into_kind(), out);
            }
        }
    }
}
