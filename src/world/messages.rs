//! Requests and responses on their way.

use crate::client::effect::Connection;
use crate::kernel::time::Instant;
use crate::model::id::ConsumerId;
use crate::model::message::{Request, Response};

/// A row of [`Messages`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct MessageId(pub u32);

/// A request and, later, its response.
#[derive(Debug)]
pub(super) struct Message {
    pub consumer: ConsumerId,
    /// Which life of the consumer sent it.
    pub incarnation: u32,
    pub connection: Connection,
    pub correlation: u64,
    pub body: Body,
    /// When a fetch began to wait for data.
    pub parked_since: Instant,
    /// When the broker answers, once that is known.
    pub answer_at: Instant,
    /// When the client gets the answer, once that is known.
    pub deliver_at: Instant,
}

/// What a message carries.
#[derive(Debug)]
pub(super) enum Body {
    Request(Request),
    Response(Response),
    /// The broker has the request; its answer will take this place.
    Nothing,
}

/// The table of messages.
#[derive(Debug, Default)]
pub(super) struct Messages {
    rows: Vec<Option<Message>>,
    free: Vec<u32>,
}

impl Messages {
    pub(super) fn add(&mut self, message: Message) -> MessageId {
        let row = self.free.pop().unwrap_or_else(|| {
            self.rows.push(None);
            self.rows.len() as u32 - 1
        });
        self.rows[row as usize] = Some(message);
        MessageId(row)
    }

    pub(super) fn get(&self, id: MessageId) -> &Message {
        self.rows[id.0 as usize].as_ref().expect("a message on its way")
    }

    pub(super) fn get_mut(&mut self, id: MessageId) -> &mut Message {
        self.rows[id.0 as usize].as_mut().expect("a message on its way")
    }

    pub(super) fn remove(&mut self, id: MessageId) -> Message {
        self.free.push(id.0);
        self.rows[id.0 as usize].take().expect("a message on its way")
    }

    /// Fetches that brokers have and will answer later than `now`.
    pub(super) fn parked_fetches(&self, now: Instant) -> Vec<MessageId> {
        let parked = |message: &Message| {
            matches!(message.body, Body::Request(Request::Fetch(_)))
                && message.answer_at > now
                && message.answer_at < Instant::NEVER
        };
        let rows = (0u32..).zip(&self.rows);
        rows.filter(|(_, message)| message.as_ref().is_some_and(parked))
            .map(|(row, _)| MessageId(row))
            .collect()
    }
}
