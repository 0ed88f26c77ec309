//! What a check has to say about a file: errors that forbid its use, warnings about what looks forgotten.

use std::fmt;
use std::ops::Range;

use crate::diagnostic::{Diagnostic, Diagnostics, Source};
use crate::scenario::ScenarioText;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file cannot do what it says.
    Error,
    /// Something is named that has no effect, or is missing without doing harm.
    Warning,
}

impl Severity {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One finding with its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Name of the file as the user gave it.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// How bad it is.
    pub severity: Severity,
    /// What was found, what was expected, and what to do.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}: {}",
            self.file,
            self.line,
            self.column,
            self.severity.name(),
            self.message
        )
    }
}

impl Finding {
    /// The mistakes of a reading as findings of one severity.
    pub fn list(mistakes: Diagnostics, severity: Severity) -> Vec<Self> {
        let finding = |d: Diagnostic| Self {
            file: d.file,
            line: d.line,
            column: d.column,
            severity,
            message: d.message,
        };
        mistakes.list.into_iter().map(finding).collect()
    }
}

/// Gathers findings about a scenario's texts.
#[derive(Debug)]
pub struct Findings<'t> {
    errors: Source<'t>,
    warnings: Source<'t>,
}

impl<'t> Findings<'t> {
    /// Nothing found yet.
    pub fn new(text: &'t ScenarioText) -> Self {
        Self {
            errors: text.source().0,
            warnings: text.source().0,
        }
    }

    /// Whether a span lies in an included sub-process.
    pub fn is_included(&self, span: &Range<usize>) -> bool {
        self.errors.is_included(span)
    }

    /// Notes what forbids the use of the file.
    pub fn error(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.errors.report(span, message);
    }

    /// Notes what looks forgotten. A sub-process serves many scenarios, of which none needs all of
    /// it, so in an included text nothing is.
    pub fn warning(&mut self, span: Range<usize>, message: impl Into<String>) {
        if !self.is_included(&span) {
            self.warnings.report(span, message);
        }
    }

    /// The findings in the order of the lines.
    pub fn finish(self) -> Vec<Finding> {
        let all = [
            (self.errors, Severity::Error),
            (self.warnings, Severity::Warning),
        ];
        let mut list: Vec<Finding> = all
            .into_iter()
            .filter_map(|(source, severity)| Some(Finding::list(source.finish().err()?, severity)))
            .flatten()
            .collect();
        list.sort();
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_stand_in_the_order_of_the_lines() {
        let text = ScenarioText::new("f.toml", "a = 1\nb = 2\n");
        let mut found = Findings::new(&text);
        found.warning(6..7, "second");
        found.error(4..5, "first");
        let list: Vec<String> = found.finish().iter().map(Finding::to_string).collect();
        assert_eq!(
            list,
            ["f.toml:1:5: error: first", "f.toml:2:1: warning: second"]
        );
    }
}
