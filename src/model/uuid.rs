//! Kafka's UUIDs: 128 bits, printed as URL-safe base64 of 16 bytes without padding.

use crate::kernel::java_hash::JavaKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A topic id, or the random part of a member id (`org.apache.kafka.common.Uuid`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Uuid(pub u128);

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl Uuid {
    /// No topic at all.
    pub const ZERO: Uuid = Uuid(0);

    const fn halves(self) -> (i64, i64) {
        (((self.0 >> 64) as u64).cast_signed(), (self.0 as u64).cast_signed())
    }

    /// The form of `java.util.UUID.toString`, which ends the member ids of the classic protocol.
    pub fn hyphenated(self) -> String {
        let hex = format!("{:032x}", self.0);
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// Reads what [`Uuid::hyphenated`] writes.
    pub fn from_hyphenated(text: &str) -> Option<Uuid> {
        let hex: String = text.chars().filter(|&c| c != '-').collect();
        (hex.len() == 32).then(|| u128::from_str_radix(&hex, 16).ok().map(Uuid)).flatten()
    }
}

impl Ord for Uuid {
    /// Kafka compares the two halves as signed numbers, unlike the order of the printed form.
    fn cmp(&self, other: &Self) -> Ordering {
        self.halves().cmp(&other.halves())
    }
}

impl PartialOrd for Uuid {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl JavaKey for Uuid {
    fn java_hash(&self) -> i32 {
        let (high, low) = self.halves();
        let folded = high ^ low;
        (folded >> 32) as i32 ^ folded as i32
    }

    fn java_cmp(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 128 bits in 22 digits of 6: the last digit holds 2 bits.
        for digit in 0..21 {
            let bits = (self.0 >> (128 - 6 * (digit + 1))) & 63;
            write!(f, "{}", ALPHABET[bits as usize] as char)?;
        }
        write!(f, "{}", ALPHABET[((self.0 & 3) << 4) as usize] as char)
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Uuid {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not a Kafka UUID (22 characters of URL-safe base64)");
        if text.len() != 22 {
            return Err(bad());
        }
        let mut bits = 0u128;
        for (i, c) in text.bytes().enumerate() {
            let digit = ALPHABET.iter().position(|&a| a == c).ok_or_else(bad)? as u128;
            bits = if i < 21 { bits << 6 | digit } else { bits << 2 | digit >> 4 };
        }
        Ok(Uuid(bits))
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_kafka_does() {
        assert_eq!(Uuid(2).to_string(), "AAAAAAAAAAAAAAAAAAAAAg");
        let text = "dGVzdAAAAGEAAAAAAAAAZA";
        assert_eq!(text.parse::<Uuid>().unwrap().to_string(), text);
        assert!("short".parse::<Uuid>().is_err());
    }

    #[test]
    fn orders_as_signed_halves() {
        let negative = Uuid(1 << 127);
        assert!(negative < Uuid::ZERO && Uuid::ZERO < Uuid(1));
    }

    #[test]
    fn hyphenated_round_trip() {
        let text = "1e9680d2-accd-4738-ad05-616e4cbd1652";
        assert_eq!(Uuid::from_hyphenated(text).unwrap().hyphenated(), text);
    }
}
