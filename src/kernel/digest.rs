//! A running digest of what happened, to tell in one number whether two runs were the same.

use super::random::avalanche;

/// A 64-bit digest of a sequence of numbers and texts.
///
/// Order counts, and so does where one text ends and the next begins. Each step is one to one, both
/// from the state and from the number: sequences of one length that differ in a single number never
/// agree, others agree once in 2^64 by chance. The same on every machine. Not cryptographic: who
/// wants two sequences with one digest can make them.
///
/// A step is a multiplication and a folding of high bits onto low ones, as in FNV-1a, but eight
/// bytes at a time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digest {
    state: u64,
}

impl Digest {
    /// The digest of nothing.
    pub const fn new() -> Self {
        Digest { state: 0x243f_6a88_85a3_08d3 }
    }

    /// Adds a number.
    pub const fn write_u64(&mut self, number: u64) {
        // Odd, so that multiplying loses nothing: 2^64 over the golden ratio.
        let product = (self.state ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.state = product ^ (product >> 32);
    }

    /// Adds bytes, and how many they are.
    pub fn write_bytes(&mut self, bytes: &[u8]) {
        self.write_u64(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    /// Adds a text.
    pub fn write_str(&mut self, text: &str) {
        self.write_bytes(text.as_bytes());
    }

    /// The digest of all that was written; more may follow.
    pub const fn finish(&self) -> u64 {
        avalanche(self.state)
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest<T>(write: impl Fn(&mut Digest) -> T) -> u64 {
        let mut digest = Digest::new();
        write(&mut digest);
        digest.finish()
    }

    #[test]
    fn values_are_pinned() {
        assert_eq!(digest(|_| ()), 0x7acd_bb98_b134_4213);
        assert_eq!(digest(|d| d.write_u64(1)), 0x9def_b3c8_5db1_c5d5);
        assert_eq!(digest(|d| d.write_str("a member joins")), 0x0d32_7d55_582a_4ba0);
    }

    #[test]
    fn order_and_borders_count() {
        let digests = [
            digest(|d| [1, 2].map(|n| d.write_u64(n))),
            digest(|d| [2, 1].map(|n| d.write_u64(n))),
            digest(|d| ["ab", "c"].map(|t| d.write_str(t))),
            digest(|d| ["a", "bc"].map(|t| d.write_str(t))),
            digest(|d| d.write_bytes(&[0; 8])),
            digest(|d| d.write_bytes(&[0; 7])),
            digest(|d| d.write_u64(0)),
        ];
        for (index, one) in digests.iter().enumerate() {
            assert!(!digests[..index].contains(one), "{digests:x?}");
        }
    }

    #[test]
    fn one_bit_in_changes_half_of_the_bits_out() {
        let base = digest(|d| d.write_u64(0));
        let changed: u32 =
            (0..64).map(|bit| (digest(|d| d.write_u64(1 << bit)) ^ base).count_ones()).sum();
        assert!((30 * 64..34 * 64).contains(&changed), "{changed} of {}", 64 * 64);
    }
}
