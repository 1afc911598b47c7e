//! Who of a topic's subscribers has the fewest partitions, and who the most, while partitions move.

use crate::assignor::server::Thrown;

/// Walks through members by load from both ends. Loads are looked up when a level is opened, so
/// members that have got or given a partition meanwhile count as what they are then.
#[derive(Debug, Default)]
pub(super) struct Balancer {
    /// By load, then by number.
    members: Vec<u32>,
    /// Members with the least load: those before `least_end` have at most `least_load`.
    least_end: usize,
    least_load: i64,
    least_next: usize,
    /// Members with the most load, from `most_start` to `most_end`; who cannot give is put behind.
    most_start: usize,
    most_end: usize,
    most_load: i64,
    /// One more than the place of the next member; 0 when all have been seen.
    most_next: usize,
    /// Where the next member of each load goes while they are sorted.
    places: Vec<u32>,
}

/// The lightest and the heaviest load.
pub(super) fn extremes(subscribers: &[u32], loads: &[u32]) -> (u32, u32) {
    let loads = subscribers.iter().map(|&member| loads[member as usize]);
    let wider = |(least, most): (u32, u32), load: u32| (load.min(least), load.max(most));
    loads.fold((u32::MAX, 0), wider)
}

fn load(member: u32, loads: &[u32]) -> i64 {
    i64::from(loads[member as usize])
}

impl Balancer {
    /// Begins with the subscribers of a topic, in order; there must be one.
    pub(super) fn begin(&mut self, subscribers: &[u32], loads: &[u32]) {
        let (least, most) = extremes(subscribers, loads);
        self.sort(subscribers, loads, least, most);
        let count = subscribers.len();
        let (least, most) = (i64::from(least), i64::from(most));
        (self.least_end, self.least_load, self.least_next) = (0, least - 1, 0);
        (self.most_start, self.most_end) = (count, count);
        (self.most_load, self.most_next) = (most + 1, count);
    }

    /// Sorts by load; those of one load stay in order.
    fn sort(&mut self, subscribers: &[u32], loads: &[u32], least: u32, most: u32) {
        self.members.clear();
        self.members.extend_from_slice(subscribers);
        let levels = (most - least) as usize + 1;
        if levels > subscribers.len() {
            self.members.sort_by_key(|&member| loads[member as usize]);
            return;
        }
        self.places.clear();
        self.places.resize(levels, 0);
        for &member in subscribers {
            self.places[(loads[member as usize] - least) as usize] += 1;
        }
        let mut total = 0;
        for place in &mut self.places {
            total += std::mem::replace(place, total);
        }
        for &member in subscribers {
            let place = &mut self.places[(loads[member as usize] - least) as usize];
            self.members[*place as usize] = member;
            *place += 1;
        }
    }

    /// The next of the members with the least load.
    pub(super) fn next_least(&mut self, loads: &[u32]) -> Result<u32, Thrown> {
        if self.least_next >= self.least_end {
            self.least_load += 1;
            let more = self.members[self.least_end..].iter();
            let level = self.least_load;
            self.least_end += more.take_while(|&&member| load(member, loads) == level).count();
            self.least_next = 0;
        }
        let member = self.members.get(self.least_next).copied();
        self.least_next += 1;
        member.ok_or(Thrown::IndexOutOfBounds)
    }

    /// The next of the members with the most load; `None` when nobody is left.
    pub(super) fn next_most(&mut self, loads: &[u32]) -> Option<u32> {
        if self.most_next <= self.most_start {
            if self.most_end <= self.most_start && self.most_start > 0 {
                // Nobody on this level could give: on to the next one that there is.
                self.most_load = load(self.members[self.most_start - 1], loads);
            } else {
                self.most_load -= 1;
            }
            let more = self.members[..self.most_start].iter().rev();
            let level = self.most_load;
            self.most_start -= more.take_while(|&&member| load(member, loads) == level).count();
            self.most_next = self.most_end;
        }
        self.most_next = self.most_next.checked_sub(1)?;
        Some(self.members[self.most_next])
    }

    /// Leaves out the member that [`next_most`](Self::next_most) has just told.
    pub(super) fn exclude_most(&mut self) {
        self.most_end -= 1;
        self.members.swap(self.most_next, self.most_end);
    }

    /// Whether the levels under work are at most one apart.
    pub(super) const fn is_balanced(&self) -> bool {
        self.most_load - self.least_load <= 1
    }
}
