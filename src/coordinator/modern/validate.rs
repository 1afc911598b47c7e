//! Checks of heartbeats of both kinds.

/// Whether Java's `trim` leaves nothing of the text (`Utils.throwIfEmptyString`).
pub(in crate::coordinator) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c <= ' ')
}
