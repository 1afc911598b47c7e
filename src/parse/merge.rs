//! One tree laid over another: variants over the file.

use super::document::{Entry, Node, Value};
use super::spec::Kind;

/// Lays `over` over `base`: tables merge key by key, everything else replaces.
///
/// A table that is one of several ways to write a value (`{ exponential = "4ms" }`) is a value: it
/// replaces, or two ways would be mixed.
pub(crate) fn merge(base: &mut Node, over: &Node, kind: &Kind) {
    let (Value::Table(entries), Value::Table(above)) = (&mut base.value, &over.value) else {
        *base = over.clone();
        return;
    };
    let kind_of = |key: &str| match kind {
        Kind::Table(spec) => spec.key(key).map(|key| key.kind),
        Kind::Named { of, .. } => Some(**of),
        _ => None,
    };
    if !matches!(kind, Kind::Table(_) | Kind::Named { .. } | Kind::Settings(_)) {
        *base = over.clone();
        return;
    }
    for entry in above {
        match entries.iter_mut().find(|known| known.key == entry.key) {
            Some(known) => lay(known, entry, kind_of(&entry.key)),
            None => entries.push(entry.clone()),
        }
    }
}

fn lay(known: &mut Entry, over: &Entry, kind: Option<Kind>) {
    known.key_at = over.key_at;
    match kind {
        Some(kind) => merge(&mut known.node, &over.node, &kind),
        None => known.node = over.node.clone(),
    }
}
