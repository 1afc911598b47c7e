//! Java's hash codes and the order of Java's strings.
//!
//! They decide in which order Java's collections are walked, and with it what many a Java program
//! answers. A string is to Java a sequence of UTF-16 code units.

use std::cmp::Ordering;
use std::iter;
use std::sync::Arc;

/// A key as Java's collections see it.
pub trait JavaKey: Eq {
    /// Java's `hashCode`. Equal keys have equal hashes, also a key and what it can be borrowed as.
    fn java_hash(&self) -> i32;

    /// Java's `compareTo`. Keys of a class that has none may answer anything: Java goes by their
    /// addresses then, and only where more than eight of them share a bucket.
    fn java_cmp(&self, other: &Self) -> Ordering;
}

/// Hash of a list or record so far, and then of its next member: `31 * hash + next`.
pub const fn combine(hash: i32, next: i32) -> i32 {
    hash.wrapping_mul(31).wrapping_add(next)
}

/// `String.hashCode`: the code units combined, from 0.
pub fn string_hash(text: &str) -> i32 {
    if text.is_ascii() {
        text.bytes().fold(0, |hash, byte| combine(hash, i32::from(byte)))
    } else {
        text.encode_utf16().fold(0, |hash, unit| combine(hash, i32::from(unit)))
    }
}

/// `String.compareTo`: by code units, and a text behind its own beginnings.
///
/// UTF-8 has the same order except that UTF-16 writes characters beyond U+FFFF with units that lie
/// before U+E000. So it takes a look at the first byte that differs: if it begins a character of
/// U+E000 to U+FFFF, it comes last.
pub fn string_cmp(a: &str, b: &str) -> Ordering {
    let place = |byte: u8| if matches!(byte, 0xee | 0xef) { byte + 0x10 } else { byte };
    match iter::zip(a.bytes(), b.bytes()).find(|(a, b)| a != b) {
        Some((a, b)) => place(a).cmp(&place(b)),
        None => a.len().cmp(&b.len()),
    }
}

impl JavaKey for str {
    fn java_hash(&self) -> i32 {
        string_hash(self)
    }

    fn java_cmp(&self, other: &Self) -> Ordering {
        string_cmp(self, other)
    }
}

impl JavaKey for String {
    fn java_hash(&self) -> i32 {
        string_hash(self)
    }

    fn java_cmp(&self, other: &Self) -> Ordering {
        string_cmp(self, other)
    }
}

impl JavaKey for Arc<str> {
    fn java_hash(&self) -> i32 {
        string_hash(self)
    }

    fn java_cmp(&self, other: &Self) -> Ordering {
        string_cmp(self, other)
    }
}

/// Java's `Integer`.
impl JavaKey for i32 {
    fn java_hash(&self) -> i32 {
        *self
    }

    fn java_cmp(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
}

/// A number that Java keeps in an `Integer`; the upper half is negative there.
impl JavaKey for u32 {
    fn java_hash(&self) -> i32 {
        self.cast_signed()
    }

    fn java_cmp(&self, other: &Self) -> Ordering {
        self.cast_signed().cmp(&other.cast_signed())
    }
}

/// Java's `Long`.
impl JavaKey for i64 {
    fn java_hash(&self) -> i32 {
        (*self ^ (*self >> 32)) as i32
    }

    fn java_cmp(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_utf16_units() {
        let texts =
            ["", "a", "a\u{0}", "aa", "b", "é", "\u{d7ff}", "😀", "😀x", "\u{e000}", "\u{ffff}"];
        for a in texts {
            for b in texts {
                let units = a.encode_utf16().cmp(b.encode_utf16());
                assert_eq!(string_cmp(a, b), units, "{a:?} {b:?}");
            }
        }
        assert!(texts.is_sorted_by(|a, b| string_cmp(a, b).is_lt()));
    }
}
