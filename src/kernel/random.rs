//! Random streams: one for each purpose of each entity, named and not numbered.
//!
//! A run's randomness is a function of its seed. Streams that carry different names do not touch
//! each other, so one more consumer, or one more kind of draw, leaves all other draws as they were,
//! and two settings can be compared under the same luck (common random numbers).
//!
//! The generator is `ChaCha8` (Bernstein, 2008), from `rand`: the same numbers on every machine,
//! 2^64 streams a seed, and any position of a stream reached at once. Only integers leave this
//! file; distributions are made of them in [`dist`](super::dist).

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// Where all streams of a run come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Streams {
    seed: u64,
}

/// What an entity draws for, such as `Purpose("latency")`; each layer names its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Purpose(pub &'static str);

impl Streams {
    /// The streams of a run with this seed.
    pub const fn new(seed: u64) -> Self {
        Streams { seed }
    }

    /// The stream of an entity (such as `consumer/orders-7`) for one purpose, at its first draw.
    /// Names must be unique among entities, and hold no zero byte.
    pub fn stream(self, entity: &str, purpose: Purpose) -> Stream {
        let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
        generator.set_stream(stream_number(entity, purpose));
        Stream { generator }
    }
}

/// The number of a stream: a 64-bit hash of both names, kept apart by a zero byte.
fn stream_number(entity: &str, purpose: Purpose) -> u64 {
    let name = entity.bytes().chain([0]).chain(purpose.0.bytes());
    avalanche(fnv1a(name))
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo; RFC 9923).
fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Lets every bit in change every bit out, which FNV leaves undone for the last bytes. One to one.
/// (`MurmurHash3`'s finalizer, Appleby.)
pub(super) const fn avalanche(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// A stream of random numbers. Everything drawn is made of whole 64-bit numbers, so the position
/// after a draw says how many it took.
#[derive(PartialEq, Eq, Debug)]
pub struct Stream {
    generator: ChaCha8Rng,
}

impl Stream {
    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// 53 random bits: as many as a float in 0..1 can hold.
    pub fn unit(&mut self) -> u64 {
        self.next_u64() >> 11
    }

    /// A number in `0..n`, each equally likely. Takes one 64-bit number, rarely more (Lemire, "Fast
    /// random integer generation in an interval", 2019).
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "there is no number below 0");
        loop {
            let product = u128::from(self.next_u64()) * u128::from(n);
            let (high, low) = ((product >> 64) as u64, product as u64);
            // Of the 2^64 numbers, 2^64 mod n too many would make some results likelier than
            // others.
            if low >= n || low >= n.wrapping_neg() % n {
                return high;
            }
        }
    }

    /// A random UUID as Java's `UUID.randomUUID` makes it: version 4, IETF variant; the first draw
    /// is the more significant half.
    pub fn uuid(&mut self) -> u128 {
        let bits = u128::from(self.next_u64()) << 64 | u128::from(self.next_u64());
        let version_4 = bits & !(0xf << 76) | 4 << 76;
        version_4 & !(0b11 << 62) | 0b10 << 62
    }

    /// How many 64-bit numbers lie before the next one.
    pub fn position(&self) -> u64 {
        (self.generator.get_word_pos() / 2) as u64
    }

    /// Goes to where `position` 64-bit numbers lie before the next one, to draw the same again.
    pub fn set_position(&mut self, position: u64) {
        self.generator.set_word_pos(u128::from(position) * 2);
    }

    /// The same stream once more, at another position.
    pub fn at(&self, position: u64) -> Stream {
        let mut generator = ChaCha8Rng::from_seed(self.generator.get_seed());
        generator.set_stream(self.generator.get_stream());
        let mut stream = Stream { generator };
        stream.set_position(position);
        stream
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Stream {
        Streams::new(7).stream("consumer/a-1", Purpose("processing"))
    }

    #[test]
    fn generator_is_pinned() {
        let mut generator = ChaCha8Rng::seed_from_u64(7);
        generator.set_stream(3);
        assert_eq!(generator.next_u64(), 0x2e79_8710_8688_b271);
    }

    #[test]
    fn names_are_hashed_as_published() {
        let hash = |text: &str| fnv1a(text.bytes());
        // From the test vectors of RFC 9923.
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn draws_are_pinned() {
        // The same came from a few lines of Python that follow ChaCha's definition.
        let mut stream = stream();
        assert_eq!(stream_number("consumer/a-1", Purpose("processing")), 0x8970_bf09_5ef5_6ead);
        assert_eq!(stream.next_u64(), 0x8c9a_01d4_f92a_79ab);
        assert_eq!(stream.unit(), 4_697_519_465_994_944);
        assert_eq!(stream.below(1_000), 965);
        assert_eq!(format!("{:032x}", stream.uuid()), "8b276a181ebf478c8f05392ca6fef74e");
        assert_eq!(stream.position(), 5);
    }

    #[test]
    fn names_and_seeds_tell_streams_apart() {
        let first =
            |seed, entity, purpose| Streams::new(seed).stream(entity, Purpose(purpose)).next_u64();
        let draws =
            [first(7, "ab", "c"), first(7, "a", "bc"), first(7, "ab", "d"), first(8, "ab", "c")];
        for (index, draw) in draws.iter().enumerate() {
            assert!(!draws[..index].contains(draw), "{draws:x?}");
        }
    }

    #[test]
    fn any_draw_can_be_drawn_again() {
        let mut stream = stream();
        let draws: Vec<u64> = (0..200).map(|_| stream.next_u64()).collect();
        for position in [199, 31, 32, 33, 0, 150] {
            let mut again = stream.at(position);
            assert_eq!(again.position(), position);
            assert_eq!(again.next_u64(), draws[position as usize]);
            assert_eq!(again.position(), position + 1);
        }
        stream.set_position(u64::MAX);
        assert_eq!(stream.position(), u64::MAX);
    }

    #[test]
    fn below_is_even_where_the_interval_does_not_divide_the_range() {
        // Four numbers make three results: without rejection half of these would be divisible by 3.
        let n = 3 << 62;
        let mut stream = stream();
        let divisible = (0..30_000).filter(|_| stream.below(n).is_multiple_of(3)).count();
        assert!((9_700..10_300).contains(&divisible), "{divisible}");
        assert!((0..1_000).all(|_| stream.below(3) < 3));
        assert_eq!(stream.below(1), 0);
    }

    #[test]
    fn uuids_say_version_4_and_ietf_variant() {
        let mut stream = stream();
        let (mut ones, mut zeros) = (0, 0);
        for _ in 0..200 {
            let uuid = stream.uuid();
            assert_eq!((uuid >> 76 & 0xf, uuid >> 62 & 0b11), (4, 2));
            ones |= uuid;
            zeros |= !uuid;
        }
        assert_eq!((ones & zeros).count_ones(), 122, "all other bits are random");
    }
}
