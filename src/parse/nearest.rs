//! The known name that a person probably meant.

/// The candidate nearest to `name`, if any is near enough to be worth asking about: a few slips of
/// the pen away, or one that begins so.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wanted = plain(name);
    if wanted.is_empty() {
        return None;
    }
    let limit = 1 + wanted.len() / 4;
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let known = plain(candidate);
            let begins_so = wanted.len() >= 3 && known.starts_with(&wanted);
            if known.len().abs_diff(wanted.len()) > limit && !begins_so {
                return None;
            }
            let distance = distance(&wanted, &known);
            let near = distance <= limit && distance < known.len();
            let other_start = known.first() != wanted.first();
            (near || begins_so).then_some(((distance, other_start), candidate))
        })
        .min_by_key(|(order, _)| *order)
        .map(|(_, candidate)| candidate)
}

/// "did you mean …?" for the nearest candidate.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(name, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// Names joined for a sentence, at most `most` of them: `` `a`, `b` or `c` ``.
pub(crate) fn one_of<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.split_last() {
        None => "none".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) if names.len() <= most => format!("{} or {last}", rest.join(", ")),
        Some(_) => format!("{}, … ({} in all)", names[..most].join(", "), names.len()),
    }
}

/// Lower case, with one sign for all separators: `record-size` is as near as `record_size`.
fn plain(name: &str) -> Vec<char> {
    let one_sign = |c: char| if matches!(c, '-' | '.' | ' ') { '_' } else { c };
    name.chars().take(100).flat_map(char::to_lowercase).map(one_sign).collect()
}

/// Edits from one to the other: insert, delete, replace, swap neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (above[j] + usize::from(x != y)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *y && *x == b[j - 1] {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let keys = ["partitions", "replication.factor", "record_size", "backlog"];
        assert_eq!(nearest("partions", keys), Some("partitions"));
        assert_eq!(nearest("record-size", keys), Some("record_size"));
        assert_eq!(nearest("replication_factor", keys), Some("replication.factor"));
        assert_eq!(nearest("abcklog", keys), Some("backlog"));
        assert_eq!(nearest("part", keys), Some("partitions"));
        assert_eq!(nearest("rat", ["at", "rate"]), Some("rate"));
        assert_eq!(nearest("speed", keys), None);
        assert_eq!(nearest("", keys), None);
    }

    #[test]
    fn a_swap_is_one_edit() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(distance(&chars("ab"), &chars("ba")), 1);
        assert_eq!(distance(&chars("kitten"), &chars("sitting")), 3);
        assert_eq!(distance(&chars(""), &chars("abc")), 3);
    }

    #[test]
    fn lists_of_names_read_as_a_sentence() {
        assert_eq!(one_of(["a"], 3), "`a`");
        assert_eq!(one_of(["a", "b", "c"], 3), "`a`, `b` or `c`");
        assert_eq!(one_of(["a", "b", "c"], 2), "`a`, `b`, … (3 in all)");
    }
}
