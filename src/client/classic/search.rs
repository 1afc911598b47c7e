//! The search for the coordinator, on which the application thread waits
//! (`AbstractCoordinator.ensureCoordinatorReady`).
//!
//! A search asks a broker, and asks again after a pause that doubles with each attempt of this
//! search. If nobody answered, or nobody knew, it waits for new metadata before it asks again. In
//! `poll` it lasts at most as long as the call; `commitSync` searches as long as it may last itself.
//! All this time, asleep or not, the application thread holds the lock that the heartbeat thread
//! needs.

use crate::client::consumer::Consumer;
use crate::client::effect::Effect;
use crate::client::lookup::{NextOfSearch, Question};
use crate::client::thread::{Thread, Wait};
use crate::kernel::time::{Instant, Span};

/// How a search goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::client) enum Search {
    /// It waits for the network, or until this moment.
    WaitUntil(Instant),
    /// It sleeps. What arrives meanwhile is left alone.
    Pause(Span),
}

impl Consumer {
    /// Begins a search.
    pub(in crate::client) fn begin_search(&mut self) {
        self.lookup.attempts = 0;
        self.lookup.next = NextOfSearch::Question;
    }

    /// Goes on with a search: the coordinator is not known.
    pub(in crate::client) fn search_coordinator(
        &mut self,
        now: Instant,
        out: &mut Vec<Effect>,
    ) -> Search {
        if self.lookup.next == NextOfSearch::Metadata {
            self.metadata.want();
            self.lookup.next = NextOfSearch::MetadataAfter(self.metadata.updates);
        }
        if self.lookup.next == NextOfSearch::MetadataAfter(self.metadata.updates) {
            self.maintain_metadata(now, out);
            return Search::WaitUntil(self.next_metadata());
        }
        self.lookup.next = NextOfSearch::Question;
        match self.lookup.question {
            end @ (Question::Failed | Question::Unavailable) => {
                self.lookup.question = Question::None;
                if end == Question::Failed {
                    self.lookup.next = NextOfSearch::Metadata;
                }
                let attempts = self.lookup.attempts;
                self.lookup.attempts += 1;
                Search::Pause(self.backoff(attempts))
            }
            Question::None | Question::InFlight | Question::Answered => {
                self.look_up_coordinator(now, out);
                Search::WaitUntil(Instant::NEVER)
            }
        }
    }

    /// Whether the application thread searches. So long the heartbeat thread waits for it.
    pub(in crate::client) fn is_searching(&self) -> bool {
        match &self.thread {
            Thread::Polling { wait, .. } | Thread::Sleeping { wait, .. } => {
                *wait == Wait::Coordinator
            }
            Thread::Committing(commit) => commit.searches,
            _ => false,
        }
    }
}
