//! Everything that is wrong with a configuration, at once.

use std::fmt;

/// One unusable setting and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong and where, such as `--candidates 0: at least one candidate is needed`.
    pub what: String,
    /// What to do, as an instruction.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}; {}", self.what, self.remedy)
    }
}

/// All problems found so far; usable as a collector while checking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes one more problem.
    pub fn add(&mut self, what: impl Into<String>, remedy: impl Into<String>) {
        self.0.push(Problem {
            what: what.into(),
            remedy: remedy.into(),
        });
    }

    /// The problems in the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// `value` when nothing was found wrong, else the problems.
    ///
    /// # Errors
    /// When any problem was noted, or when `value` is missing.
    pub fn or<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self),
        }
    }
}
