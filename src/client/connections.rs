//! Connections that broke: what was asked on them fails, and when they may be opened again
//! (`NetworkClient`, `ClusterConnectionStates`).

use super::consumer::Consumer;
use super::effect::{Connection, Effect, Note};
use super::lookup::Pending;
use crate::kernel::time::Instant;

/// Connections that are not open.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections {
    /// They broke since the last pass.
    broken: Vec<Connection>,
    lost: Vec<Lost>,
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
        let entry = Lost { connection, failures: failures + 1, until };
        match lost {
            Some(at) => self.connections.lost[at] = entry,
            None => self.connections.lost.push(entry),
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
                self.woken = true;
            }
            if !connection.coordinator {
                self.fetcher.give_up(connection.broker);
            }
            self.metadata.want();
            for pending in failed {
                self.on_disconnect(now, pending.into_kind(), out);
            }
        }
    }
}
