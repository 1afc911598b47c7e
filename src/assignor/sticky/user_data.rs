//! What the sticky strategies tell the leader beside the subscription, in bytes.
//!
//! `sticky` tells what it last got and in which generation (version 1; version 0 lacks the
//! generation). `cooperative-sticky` tells the generation.

use crate::kernel::java_map::JavaMap;
use crate::model::Name;
use crate::model::consumer_protocol::TopicPartitions;
use std::borrow::Cow;

/// What a leader learns from the bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Told {
    /// There are none.
    Nothing,
    /// The claims have been handed over; the generation, if they tell one.
    Claims(Option<i32>),
    /// What has been handed over is void.
    Nonsense,
}

/// What `sticky` tells of an assignment, whose topics it takes from a Java map.
pub fn sticky(assigned: &[TopicPartitions], generation: i32) -> Vec<u8> {
    let mut by_topic: JavaMap<Name, Vec<u32>> = JavaMap::new();
    for of_topic in assigned {
        for &partition in &of_topic.partitions {
            // A full map doubles when a topic is looked up, known or not.
            by_topic.compute_if_absent(of_topic.topic.clone(), Vec::new).push(partition);
        }
    }
    let mut bytes = lists(by_topic.len(), by_topic.iter().map(|(name, list)| (&**name, &**list)));
    bytes.extend(generation.to_be_bytes());
    bytes
}

/// What `sticky` told before Kafka 2.4, topics as they come.
pub fn sticky_without_generation(assigned: &[TopicPartitions]) -> Vec<u8> {
    lists(assigned.len(), assigned.iter().map(|t| (&*t.topic, &*t.partitions)))
}

/// What `cooperative-sticky` tells.
pub fn cooperative_sticky(generation: i32) -> Vec<u8> {
    generation.to_be_bytes().to_vec()
}

fn lists<'a>(count: usize, topics: impl Iterator<Item = (&'a str, &'a [u32])>) -> Vec<u8> {
    let mut bytes = (count as u32).to_be_bytes().to_vec();
    for (name, partitions) in topics {
        bytes.extend((name.len() as u16).to_be_bytes());
        bytes.extend(name.as_bytes());
        bytes.extend((partitions.len() as u32).to_be_bytes());
        bytes.extend(partitions.iter().flat_map(|partition| partition.to_be_bytes()));
    }
    bytes
}

/// Reads what `sticky` told and hands over its claims: the topic, and its partitions in four bytes
/// each.
pub(super) fn read_sticky(bytes: Option<&[u8]>, each: &mut dyn FnMut(&str, &[[u8; 4]])) -> Told {
    let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) else { return Told::Nothing };
    let mut input = Input(bytes);
    match input.lists(each) {
        Some(()) => Told::Claims(input.int()),
        None => Told::Nonsense,
    }
}

/// What a member had, if these are bytes of `sticky`.
pub fn claims(bytes: &[u8]) -> Option<Vec<TopicPartitions>> {
    let mut claims = Vec::new();
    let told = read_sticky(Some(bytes), &mut |topic, partitions| {
        let partition = |bytes: &[u8; 4]| u32::from_be_bytes(*bytes);
        let partitions = partitions.iter().map(partition).collect();
        claims.push(TopicPartitions { topic: topic.into(), partitions });
    });
    matches!(told, Told::Claims(_)).then_some(claims)
}

/// In which generation a member had what it had, if these are bytes of `sticky` that tell it.
pub fn generation(bytes: &[u8]) -> Option<i32> {
    match read_sticky(Some(bytes), &mut |_, _| {}) {
        Told::Claims(generation) => generation,
        Told::Nothing | Told::Nonsense => None,
    }
}

/// Reads the generation that `cooperative-sticky` told.
pub(super) fn read_cooperative(bytes: Option<&[u8]>) -> Option<i32> {
    bytes.map(|bytes| Input(bytes).int().unwrap_or(-1))
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(count)?;
        self.0 = tail;
        Some(head)
    }

    fn int(&mut self) -> Option<i32> {
        self.take(4).map(|bytes| i32::from_be_bytes(bytes.try_into().expect("four bytes")))
    }

    /// The length of an array: Kafka refuses one of more elements than bytes are left.
    fn length(&mut self) -> Option<usize> {
        let length = usize::try_from(self.int()?).ok()?;
        Some(length).filter(|&length| length <= self.0.len())
    }

    fn text(&mut self) -> Option<Cow<'a, str>> {
        let length = i16::from_be_bytes(self.take(2)?.try_into().expect("two bytes"));
        self.take(usize::try_from(length).ok()?).map(String::from_utf8_lossy)
    }

    fn lists(&mut self, each: &mut dyn FnMut(&str, &[[u8; 4]])) -> Option<()> {
        for _ in 0..self.length()? {
            let name = self.text()?;
            let length = self.length()?;
            let (partitions, _) = self.take(4 * length)?.as_chunks();
            each(&name, partitions);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(topic: &str, partitions: &[u32]) -> TopicPartitions {
        TopicPartitions { topic: topic.into(), partitions: partitions.to_vec() }
    }

    fn read(bytes: &[u8]) -> (String, Told) {
        let mut claims = String::new();
        let told = read_sticky(Some(bytes), &mut |topic, partitions| {
            let partitions = partitions.iter().map(|p| i32::from_be_bytes(*p));
            let partitions: Vec<i32> = partitions.collect();
            claims = format!("{claims}{topic}{partitions:?}");
        });
        (claims, told)
    }

    #[test]
    fn what_is_told_is_understood() {
        let told = sticky(&[of("t1", &[3, 1]), of("t0", &[0]), of("t1", &[2])], 7);
        assert_eq!(read(&told), ("t0[0]t1[3, 1, 2]".to_owned(), Told::Claims(Some(7))));
        let told = sticky_without_generation(&[of("t1", &[3, 1])]);
        assert_eq!(read(&told), ("t1[3, 1]".to_owned(), Told::Claims(None)));
        assert_eq!(read_cooperative(Some(&cooperative_sticky(9))), Some(9));
    }

    #[test]
    fn nothing_and_nonsense_differ() {
        assert_eq!(read_sticky(None, &mut |_, _| {}), Told::Nothing);
        assert_eq!(read(&[]).1, Told::Nothing);
        for nonsense in [&[0][..], &[0xff; 4], &[0, 0, 0, 1, 0], &[0x7f, 0xff, 0xff, 0xff]] {
            assert_eq!(read(nonsense).1, Told::Nonsense, "{nonsense:?}");
        }
        assert_eq!(read_cooperative(None), None);
        assert_eq!(read_cooperative(Some(&[0, 0, 1])), Some(-1));
    }
}
