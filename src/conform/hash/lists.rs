//! Lists in Java's order.

use crate::conform::difference::Pairs;
use crate::kernel::java_hash::string_cmp;
use crate::kernel::java_map::JavaSet;
use crate::model::uuid::Uuid;
use serde::Deserialize;

/// A list that was sorted.
#[derive(Deserialize)]
pub(super) struct Sorted<T> {
    sorted: Vec<T>,
}

/// A list, and the walk of a `HashSet` that was made of it.
#[derive(Deserialize)]
pub(super) struct Set {
    collection: Vec<Uuid>,
    order: Vec<Uuid>,
}

pub(super) fn strings(case: &Sorted<String>, pairs: &mut Pairs) -> String {
    let mut sorted = case.sorted.clone();
    // The order of UTF-8 is another one, so the list is not the one it began as.
    sorted.sort();
    sorted.sort_by(|a, b| string_cmp(a, b));
    pairs.lists("sorted", &case.sorted, &sorted, |text| format!("{text:?}"));
    "order of strings".to_owned()
}

pub(super) fn uuids(case: &Sorted<Uuid>, pairs: &mut Pairs) -> String {
    let mut sorted = case.sorted.clone();
    sorted.sort_by_key(|uuid| uuid.0);
    sorted.sort();
    pairs.lists("sorted", &case.sorted, &sorted, Uuid::to_string);
    "order of UUIDs".to_owned()
}

pub(super) fn uuid_set(case: &Set, pairs: &mut Pairs) -> String {
    let set = JavaSet::of_collection(case.collection.iter().copied());
    let walk: Vec<Uuid> = set.keys().copied().collect();
    pairs.lists("walk", &case.order, &walk, Uuid::to_string);
    "set of UUIDs".to_owned()
}
