//! Texts and places in them.

/// A text to read and the name under which messages speak of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    name: String,
    text: String,
}

impl Source {
    /// A text with the name that messages show: a file's path, as the user gave it.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Source { name: name.into(), text: text.into() }
    }

    /// The name that messages show.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name without folders and without `.toml`: what a scenario is called by default.
    pub(crate) fn stem(&self) -> &str {
        let file = self.name.rsplit(['/', '\\']).next().unwrap_or_default();
        file.strip_suffix(".toml").unwrap_or(file)
    }

    /// The line of a byte, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        1 + before.matches('\n').count()
    }
}

/// Where something stands: bytes `start..end` of one source of a [`Problems`](super::Problems).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Spot {
    /// Index of the source: 0 is the file, the others are overrides.
    pub(crate) source: usize,
    /// First byte.
    pub(crate) start: usize,
    /// One past the last byte.
    pub(crate) end: usize,
}

impl Spot {
    /// The beginning of the file: where what is missing from the whole file is reported.
    pub(crate) const TOP: Spot = Spot { source: 0, start: 0, end: 0 };

    /// The text that stands here, cut to its first line.
    pub(crate) fn text(self, sources: &[Source]) -> &str {
        let text =
            sources.get(self.source).and_then(|source| source.text.get(self.start..self.end));
        text.unwrap_or_default().lines().next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_are_file_names_without_their_ending() {
        let stem = |name: &str| Source::new(name, "").stem().to_owned();
        assert_eq!(stem("scenarios/lessons/one-consumer.toml"), "one-consumer");
        assert_eq!(stem("v1.2.toml"), "v1.2");
        assert_eq!(stem("-"), "-");
    }
}
