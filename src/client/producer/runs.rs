//! The runs of a sticky producer that have been drawn, by partition.

/// Whoever looks again looks at most so many runs away from the last place, nearly always.
const NEAR: usize = 8;

/// What has been drawn.
#[derive(Debug)]
pub(super) struct Runs {
    /// Runs of each partition, ascending.
    pub of: Vec<Vec<u32>>,
    /// By partition: where somebody looked last in the list of its runs.
    looked_at: Vec<usize>,
    /// Runs drawn so far.
    pub drawn: u32,
    /// The first run after every partition has had one: until then lengths of queues do not count.
    pub all_had_one: Option<u32>,
}

impl Runs {
    pub(super) fn new(partitions: usize) -> Self {
        let (of, looked_at) = (vec![Vec::new(); partitions], vec![0; partitions]);
        Runs { of, looked_at, drawn: 0, all_had_one: None }
    }

    pub(super) fn push(&mut self, index: u32) {
        let had_none = self.of[index as usize].is_empty();
        self.of[index as usize].push(self.drawn);
        self.drawn += 1;
        if had_none && self.of.iter().all(|runs| !runs.is_empty()) {
            self.all_had_one = Some(self.drawn);
        }
    }

    pub(super) fn truncate(&mut self, drawn: u32) {
        for runs in &mut self.of {
            runs.truncate(runs.partition_point(|&run| run < drawn));
        }
        self.drawn = drawn;
        self.all_had_one = self.all_had_one.filter(|&run| run <= drawn);
    }

    /// How many runs of a partition come before the run `before`. A search through the whole list would
    /// miss the cache all the way.
    pub(super) fn before(&mut self, index: u32, before: u32) -> usize {
        let runs = &self.of[index as usize];
        let last = self.looked_at[index as usize].min(runs.len());
        let (low, high) = (last.saturating_sub(NEAR), runs.len().min(last + NEAR));
        let earlier = |run: &u32| *run < before;
        let is_near =
            (low == 0 || earlier(&runs[low - 1])) && (high == runs.len() || !earlier(&runs[high]));
        let place = if is_near {
            low + runs[low..high].partition_point(earlier)
        } else {
            runs.partition_point(earlier)
        };
        self.looked_at[index as usize] = place;
        place
    }
}
