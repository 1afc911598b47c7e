//! `MurmurHash2`, 32 bits.

const SEED: u32 = 0x9747_b28c;
const FACTOR: u32 = 0x5bd1_e995;

/// The 32-bit `MurmurHash2` (Appleby, 2008) of some bytes, read as little-endian words, with seed
/// 0x9747b28c; signed, as Java shows it.
pub fn murmur2(bytes: &[u8]) -> i32 {
    // The length enters as Java's int does, modulo 2^32.
    let mut hash = SEED ^ bytes.len() as u32;
    let (words, tail) = bytes.as_chunks::<4>();
    for &word in words {
        let mut k = u32::from_le_bytes(word).wrapping_mul(FACTOR);
        k = (k ^ (k >> 24)).wrapping_mul(FACTOR);
        hash = hash.wrapping_mul(FACTOR) ^ k;
    }
    if !tail.is_empty() {
        let mut last = [0; 4];
        last[..tail.len()].copy_from_slice(tail);
        hash = (hash ^ u32::from_le_bytes(last)).wrapping_mul(FACTOR);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(FACTOR);
    (hash ^ (hash >> 15)).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values() {
        let hashes = ["", "21", "abc", "foobar", "key-0"].map(|key| murmur2(key.as_bytes()));
        assert_eq!(hashes, [275_646_681, -973_932_308, 479_470_107, -790_332_482, 29_210_041]);
    }
}
