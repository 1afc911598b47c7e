//! Requests and responses on their way.

use crate::client::effect::Connection;
use crate::coordinator::effect::Ticket;
use crate::kernel::time::Instant;
use crate::model::id::{BrokerId, ConsumerId};
use crate::model::message::offset::OffsetCommitResponseTopic;
use crate::model::message::{Request, Response};

/// A row of [`Messages`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct MessageId(pub u32);

/// How often a row has had another message: coordinators name requests, and one that has been
/// answered must not be taken for the next in its row.
const TURN: u64 = 1 << 32;

/// A request and, later, its response.
#[derive(Debug)]
pub(super) struct Message {
    pub consumer: ConsumerId,
    /// Which life of the consumer sent it.
    pub incarnation: u32,
    pub connection: Connection,
    /// The number of that connection.
    pub link: u32,
    pub correlation: u64,
    /// When the client sent it.
    pub sent: Instant,
    /// Whether it was lost in a cut network and is sent again: not once its client has hung up.
    pub resent: bool,
    pub body: Body,
    /// Of a commit: topics that its broker does not know.
    pub unknown: Vec<OffsetCommitResponseTopic>,
    /// When a fetch began to wait for data.
    pub parked_since: Instant,
    /// When a fetch that waits will have what it waits for.
    pub ready_at: Instant,
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
    /// No message: the connection broke, or was refused.
    Broken,
    /// No message: its client does not wait for the connection any longer.
    Unopened,
}

impl Message {
    /// A message of which nothing more is known.
    pub(super) const fn new(
        consumer: ConsumerId,
        incarnation: u32,
        connection: Connection,
        correlation: u64,
        body: Body,
    ) -> Self {
        Message {
            consumer,
            incarnation,
            connection,
            link: 0,
            correlation,
            sent: Instant::NEVER,
            resent: false,
            body,
            unknown: Vec::new(),
            parked_since: Instant::NEVER,
            ready_at: Instant::NEVER,
            answer_at: Instant::NEVER,
            deliver_at: Instant::NEVER,
        }
    }
}

/// The table of messages.
#[derive(Debug, Default)]
pub(super) struct Messages {
    rows: Vec<Row>,
    free: Vec<u32>,
}

/// A row is free for another message only when no event in the agenda names it: an answer that was
/// planned for two moments comes once.
#[derive(Debug, Default)]
struct Row {
    message: Option<Message>,
    /// Messages that it has had.
    turns: u32,
    /// Events in the agenda that name it.
    events: u32,
}

impl Messages {
    pub(super) fn add(&mut self, message: Message) -> MessageId {
        let row = self.free.pop().unwrap_or_else(|| {
            self.rows.push(Row::default());
            self.rows.len() as u32 - 1
        });
        let place = &mut self.rows[row as usize];
        place.message = Some(message);
        place.turns += 1;
        MessageId(row)
    }

    /// The name by which a coordinator knows a request: no other one ever has it.
    pub(super) fn ticket(&self, id: MessageId) -> Ticket {
        u64::from(self.rows[id.0 as usize].turns) * TURN + u64::from(id.0)
    }

    /// The request that a coordinator names.
    pub(super) fn of_ticket(&self, ticket: Ticket) -> MessageId {
        let id = MessageId((ticket % TURN) as u32);
        assert_eq!(self.ticket(id), ticket, "an answer to a request that is gone");
        id
    }

    /// An event in the agenda names a message.
    pub(super) fn expect(&mut self, id: MessageId) {
        self.rows[id.0 as usize].events += 1;
    }

    /// An event that names a message comes. Whether the message is still on its way.
    pub(super) fn come(&mut self, id: MessageId) -> bool {
        let row = &mut self.rows[id.0 as usize];
        row.events -= 1;
        if row.message.is_none() && row.events == 0 {
            self.free.push(id.0);
        }
        row.message.is_some()
    }

    pub(super) fn get(&self, id: MessageId) -> &Message {
        self.rows[id.0 as usize].message.as_ref().expect("a message on its way")
    }

    pub(super) fn get_mut(&mut self, id: MessageId) -> &mut Message {
        self.rows[id.0 as usize].message.as_mut().expect("a message on its way")
    }

    pub(super) fn remove(&mut self, id: MessageId) -> Message {
        let row = &mut self.rows[id.0 as usize];
        if row.events == 0 {
            self.free.push(id.0);
        }
        row.message.take().expect("a message on its way")
    }

    /// Whether there is a message in a row.
    pub(super) fn is_there(&self, id: MessageId) -> bool {
        self.rows[id.0 as usize].message.is_some()
    }

    fn rows_of(&self, wanted: impl Fn(&Message) -> bool) -> Vec<MessageId> {
        let rows = (0u32..).zip(&self.rows);
        rows.filter(|(_, row)| row.message.as_ref().is_some_and(&wanted))
            .map(|(row, _)| MessageId(row))
            .collect()
    }

    /// What is on its way to a broker, waits there, or has not left it.
    pub(super) fn unanswered(&self, broker: BrokerId, now: Instant) -> Vec<MessageId> {
        self.rows_of(|message| {
            message.connection.broker == broker
                && !matches!(message.body, Body::Broken | Body::Unopened)
                && message.answer_at > now
        })
    }

    /// Answers that are to leave a broker later than `now`.
    pub(super) fn answering(&self, broker: BrokerId, now: Instant) -> Vec<MessageId> {
        self.rows_of(|message| {
            message.connection.broker == broker
                && message.answer_at > now
                && message.answer_at < Instant::NEVER
        })
    }

    /// Fetches that wait at their brokers for something later than `now`.
    pub(super) fn parked_fetches(&self, now: Instant) -> Vec<MessageId> {
        let parked = |message: &Message| {
            matches!(message.body, Body::Request(Request::Fetch(_)))
                && message.ready_at > now
                && message.ready_at < Instant::NEVER
                // A broker that stands still looks when it goes on.
                && message.deliver_at < Instant::NEVER
        };
        self.rows_of(parked)
    }
}
