//! Which requests still wait for their answer: each gets exactly one.

use super::effect::{Effect, Ticket};
use super::write::OnError;
use crate::model::error::ErrorCode;
use crate::model::message::Response;
use std::collections::BTreeSet;

/// Requests that have not been answered.
#[derive(Debug, Default)]
pub(super) struct Tickets(BTreeSet<Ticket>);

impl Tickets {
    /// A request came in.
    pub(super) fn open(&mut self, ticket: Ticket) {
        assert!(self.0.insert(ticket), "ticket {ticket} names two requests");
    }

    /// Answers a request, unless it has been answered: an operation may fail after it gave its
    /// answer, or after another operation gave it.
    pub(super) fn answer(&mut self, ticket: Ticket, response: Response, out: &mut Vec<Effect>) {
        if self.0.remove(&ticket) {
            out.push(Effect::Reply { ticket, response });
        }
    }

    /// Tells the request of a failed operation.
    pub(super) fn refuse(
        &mut self,
        on_error: Option<OnError>,
        code: ErrorCode,
        out: &mut Vec<Effect>,
    ) {
        if let Some(on_error) = on_error {
            let response = on_error.response(code);
            self.answer(on_error.ticket, response, out);
        }
    }
}
