//! How often a group may compute a new target (KIP-1263; kafka-semantics 4.5).

/// Whether a target may be computed at `now_ms`, if the last one was computed at `last_ms`
/// (0: there is none) and `interval_ms` shall lie between two
/// (`GroupMetadataManager.canComputeNextTargetAssignment`).
pub(in crate::coordinator) const fn may_compute(
    last_ms: i64,
    interval_ms: i32,
    now_ms: i64,
) -> bool {
    last_ms == 0 || interval_ms == 0 || now_ms >= last_ms + interval_ms as i64
}

#[cfg(test)]
mod tests {
    use super::may_compute;

    #[test]
    fn waits_for_the_interval() {
        assert!(may_compute(0, 1_000, 5));
        assert!(may_compute(7, 0, 5));
        assert!(!may_compute(1_000, 1_000, 1_999));
        assert!(may_compute(1_000, 1_000, 2_000));
    }
}
