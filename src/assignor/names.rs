//! Sorting by names.

use crate::kernel::java_hash::string_cmp;

/// How many bytes of a name are compared at once.
const KEY: usize = size_of::<u64>();

/// The places of the names in Java's order; equal names stay as they are.
///
/// Names of a group begin alike, and differ soon after: the first eight bytes behind what all have
/// in common decide almost always.
pub(super) fn sorted(names: &[&str]) -> Vec<u32> {
    let shared = shared_beginning(names);
    let key = |name: &str| {
        let mut key = [0; KEY];
        for (to, &byte) in key.iter_mut().zip(&name.as_bytes()[shared..]) {
            // As `string_cmp` does: what begins U+E000 to U+FFFF comes last.
            *to = if matches!(byte, 0xee | 0xef) { byte + 0x10 } else { byte };
        }
        u64::from_be_bytes(key)
    };
    let mut order: Vec<(u64, u32)> = names.iter().map(|name| key(name)).zip(0..).collect();
    order.sort_unstable_by(|&(a_key, a), &(b_key, b)| {
        let by_name = || string_cmp(names[a as usize], names[b as usize]);
        a_key.cmp(&b_key).then_with(by_name).then(a.cmp(&b))
    });
    order.into_iter().map(|(_, place)| place).collect()
}

/// The length of the beginning that all names have in common.
fn shared_beginning(names: &[&str]) -> usize {
    let Some((first, others)) = names.split_first() else { return 0 };
    let first = first.as_bytes();
    let mut shared = first.len();
    for name in others {
        let name = name.as_bytes();
        if name.get(..shared) != Some(&first[..shared]) {
            shared = first.iter().zip(name).take_while(|(a, b)| a == b).count();
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_utf16() {
        let mut names = vec![
            "m-1",
            "m-10",
            "m-2",
            "m-\u{ff41}",
            "m-😀",
            "m-é",
            "m-",
            "m-12345678b",
            "m-12345678a",
        ];
        let sorted_names: Vec<&str> =
            sorted(&names).into_iter().map(|n| names[n as usize]).collect();
        names.sort_by(|a, b| string_cmp(a, b));
        assert_eq!(sorted_names, names);
        assert_eq!(sorted(&["b", "a", "b", "a"]), [1, 3, 0, 2], "equal ones stay as they are");
    }
}
