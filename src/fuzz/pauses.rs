//! Random pauses of partitions.

use super::dice::Dice;
use super::groups::Group;
use std::fmt::Write;

/// Events that pause partitions, in one scenario of three.
pub(super) fn draw(dice: &mut Dice, groups: &[Group], seconds: u64) -> String {
    let mut text = String::new();
    if !dice.one_in(3) {
        return text;
    }
    for _ in 0..dice.between(1, 4) {
        let group = &groups[dice.between(1, groups.len() as u64) as usize - 1];
        let whom = match dice.between(0, 2) {
            0 => format!("{:?}", group.name),
            1 => format!("{{ group = {:?}, random = {} }}", group.name, dice.between(1, 3)),
            _ => format!("\"{}-{}\"", group.name, dice.between(1, group.consumers)),
        };
        let at = dice.ms(0, seconds * 1_000);
        let _ = write!(text, "\n[[events]]\nat = {at}\npause_partitions = {whom}\n");
        if !dice.one_in(5) {
            let span = if dice.one_in(3) { dice.ms(1, 500) } else { dice.ms(1, 20_000) };
            let _ = writeln!(text, "for = {span}");
        }
        if dice.one_in(3) {
            let topics: Vec<&str> = group.topics.iter().map(String::as_str).collect();
            let _ = writeln!(text, "topic = {:?}", dice.pick(&topics));
            if dice.one_in(2) {
                let _ = writeln!(text, "partitions = [0]");
            }
        }
    }
    text
}
