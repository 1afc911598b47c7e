//! What is wrong with a text, shown where it stands.

use super::source::{Source, Spot};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Severity {
    /// The scenario can't be run.
    Error,
    /// It can, but a person should know.
    Warning,
}

/// One thing that is wrong, or that a person should know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Problem {
    pub(crate) severity: Severity,
    pub(crate) at: Spot,
    /// One sentence that says what is wrong.
    title: String,
    /// A few words under the offending text.
    label: String,
    /// Another place that has to do with it.
    also: Option<(Spot, String)>,
    /// What to do, one line each.
    help: Vec<String>,
}

impl Problem {
    /// An error at this place.
    pub(crate) fn error(at: Spot, title: impl Into<String>) -> Self {
        let (title, label) = (title.into(), String::new());
        Problem { severity: Severity::Error, at, title, label, also: None, help: Vec::new() }
    }

    /// A warning at this place.
    pub(crate) fn warning(at: Spot, title: impl Into<String>) -> Self {
        Problem { severity: Severity::Warning, ..Problem::error(at, title) }
    }

    /// With a few words under the offending text.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = plain(label);
        self
    }

    /// With another place that has to do with it.
    pub(crate) fn also(mut self, at: Option<Spot>, label: impl Into<String>) -> Self {
        self.also = at.map(|at| (at, plain(label)));
        self
    }

    /// With a line that says what to do.
    pub(crate) fn help(mut self, line: impl Into<String>) -> Self {
        self.help.push(plain(line));
        self
    }

    /// With such a line, if there is one.
    pub(crate) fn help_if(self, line: Option<String>) -> Self {
        match line {
            Some(line) => self.help(line),
            None => self,
        }
    }

    /// Whether it says the same of the same place, whatever help it gives; a warning says it once a
    /// file.
    pub(crate) fn repeats(&self, other: &Problem) -> bool {
        self.title == other.title
            && match self.severity {
                Severity::Error => self.at == other.at && self.label == other.label,
                Severity::Warning => other.severity == Severity::Warning,
            }
    }

    fn render(&self, sources: &[Source], color: bool) -> String {
        let (level, renderer) = match self.severity {
            Severity::Error => (Level::ERROR, renderer(color)),
            Severity::Warning => (Level::WARNING, renderer(color).short_message(true)),
        };
        let mut group = Group::with_title(level.primary_title(self.title.as_str()));
        for excerpt in self.excerpts(sources) {
            group = group.element(excerpt.snippet());
        }
        let group = group.elements(self.help.iter().map(|line| Level::HELP.message(line)));
        renderer.render(&[group])
    }

    /// The lines to show: one excerpt, or two where the other place is in another text.
    fn excerpts<'a>(&'a self, sources: &'a [Source]) -> Vec<Excerpt<'a>> {
        let mut marks = vec![Mark { at: self.at, label: &self.label, primary: true }];
        if let Some((at, label)) = &self.also {
            marks.push(Mark { at: *at, label, primary: false });
        }
        let own = self.at.source;
        let (here, there): (Vec<_>, Vec<_>) = marks.into_iter().partition(|m| m.at.source == own);
        [here, there]
            .into_iter()
            .filter_map(|marks| {
                let source = sources.get(marks.first()?.at.source)?;
                Some(Excerpt { source, marks })
            })
            .collect()
    }
}

/// Text without control characters: it may quote a file, and goes to a terminal.
fn plain(text: impl Into<String>) -> String {
    annotate_snippets::normalize_untrusted_str(&text.into())
}

fn renderer(color: bool) -> Renderer {
    if color { Renderer::styled() } else { Renderer::plain() }
}

/// Places of one source that are shown together.
struct Excerpt<'a> {
    source: &'a Source,
    marks: Vec<Mark<'a>>,
}

struct Mark<'a> {
    at: Spot,
    label: &'a str,
    primary: bool,
}

impl<'a> Excerpt<'a> {
    /// Only the lines from the first mark to the last, so that a long file costs nothing.
    fn snippet(&self) -> Snippet<'a, Annotation<'a>> {
        let text = self.source.text();
        let spans: Vec<_> = self.marks.iter().map(|mark| one_line(text, mark.at)).collect();
        let first = spans.iter().map(|span| span.0).min().unwrap_or(0);
        let last = spans.iter().map(|span| span.1).max().unwrap_or(0);
        let from = text[..first].rfind('\n').map_or(0, |newline| newline + 1);
        let to = text[last..].find('\n').map_or(text.len(), |newline| last + newline);
        let annotations = self.marks.iter().zip(spans).map(|(mark, (start, end))| {
            let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(start - from..end - from);
            if mark.label.is_empty() { annotation } else { annotation.label(mark.label) }
        });
        Snippet::source(&text[from..to])
            .line_start(self.source.line(from))
            .path(self.source.name())
            .annotations(annotations)
    }
}

/// The part of a place that lies in its first line, at character boundaries.
fn one_line(text: &str, at: Spot) -> (usize, usize) {
    let start = text.floor_char_boundary(at.start.min(text.len()));
    let end = text.ceil_char_boundary(at.end.clamp(start, text.len()));
    let line = text[start..end].lines().next().unwrap_or_default();
    (start, start + line.len())
}

/// Everything that is wrong with a text, or that a person should know about it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Problems {
    sources: Vec<Source>,
    list: Vec<Problem>,
}

impl Problems {
    /// In the order of the text.
    pub(crate) fn new(sources: Vec<Source>, mut list: Vec<Problem>) -> Self {
        list.sort_by_key(|problem| problem.at);
        Problems { sources, list }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Each one as a person should see it: an error with the offending text underlined, a warning
    /// as one line.
    pub fn messages(&self, color: bool) -> impl Iterator<Item = String> {
        self.list.iter().map(move |problem| problem.render(&self.sources, color))
    }

    /// All of them, for a terminal or a log.
    pub fn render(&self, color: bool) -> String {
        let mut text = String::new();
        for (problem, message) in self.list.iter().zip(self.messages(color)) {
            text.push_str(message.trim_end());
            text.push_str(if problem.severity == Severity::Error { "\n\n" } else { "\n" });
        }
        text
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

impl std::error::Error for Problems {}
