//! Topics that a broker does not know, or not any more: commits of their offsets never reach the
//! coordinator (`KafkaApis.handleOffsetCommitRequest`).

use super::World;
use super::messages::{Message, MessageId};
use crate::model::error::ErrorCode;
use crate::model::message::offset::{OffsetCommitRequest, OffsetCommitResponse, OffsetCommitTopic};
use crate::model::message::{Request, Response};

impl World<'_> {
    /// What of a request the coordinator gets to see; `None`: nothing, and the answer is on its way.
    pub(super) fn without_unknown_topics(
        &mut self,
        id: MessageId,
        request: Request,
    ) -> Option<Request> {
        let Request::OffsetCommit(mut commit) = request else { return Some(request) };
        let known = |topic: &OffsetCommitTopic| self.knows(topic);
        if !commit.topics.iter().all(known) {
            let OffsetCommitRequest { topics, .. } = &mut *commit;
            let unknown: Vec<_> = topics.extract_if(.., |topic| !self.knows(topic)).collect();
            let error = ErrorCode::UnknownTopicOrPartition;
            self.messages.get_mut(id).unknown =
                OffsetCommitResponse::of_error(&unknown, error).topics;
            if commit.topics.is_empty() {
                self.respond(id, OffsetCommitResponse::default().into());
                return None;
            }
        }
        Some(Request::OffsetCommit(commit))
    }

    /// Whether the topic of a commit exists: this one, not another one of its name.
    fn knows(&self, commit: &OffsetCommitTopic) -> bool {
        let topic = self.topic_named(&commit.name);
        topic.is_some_and(|topic| {
            self.topics.id(topic) == commit.topic_id && !self.existing_partitions(topic).is_empty()
        })
    }
}

impl Message {
    /// The answer to a commit, with that for topics that its broker does not know before the rest. An
    /// error of the coordinator's stands for all of them.
    pub(super) fn with_unknown_topics(&mut self, response: Response) -> Response {
        let unknown = std::mem::take(&mut self.unknown);
        match response {
            Response::OffsetCommit(mut answer) if !unknown.is_empty() => {
                answer.topics.splice(..0, unknown);
                Response::OffsetCommit(answer)
            }
            response => response,
        }
    }
}
