//! What the applications of a group do that matters for its accounts.

use crate::model::config::CommitMode;
use crate::scenario::group::Group;

/// Of one group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Habits {
    /// What is committed may not be processed yet: the application commits before, or auto-commit does
    /// while another thread is at it.
    pub commits_before: bool,
    /// Records may still be processed after their partition was given up.
    pub hands_over: bool,
}

impl Habits {
    pub(super) fn of(group: &Group) -> Self {
        let hands_over = group.poll_while_processing.is_some();
        let auto = group.commit == CommitMode::Auto && hands_over;
        Habits { commits_before: auto || group.commit == CommitMode::BeforeBatch, hands_over }
    }
}
