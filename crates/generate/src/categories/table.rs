//! The table of [`Settings`] by [`Category`]: built in, and changed by an operator's file.

mod reader;

use std::collections::BTreeMap;
use std::fmt;

use toml::{Table, Value};

use super::{Category, Settings};
use reader::{KEYS, Reader, known};

const BUILT_IN: &str = include_str!("table.toml");

/// The section whose values hold for every category that has none of its own.
const FOR_ALL: &str = "all";

/// The largest table that is read, in bytes.
pub const MOST_TABLE: usize = 1 << 20;

/// One thing that is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `animals.image_steps`.
    pub place: String,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.what)
    }
}

/// Why a table cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// It is no TOML: in which line, and why.
    #[error("the table of categories is no TOML: line {0}: {1}")]
    Unreadable(usize, String),
    /// It is larger than any such table.
    #[error("the table of categories is larger than the {MOST_TABLE} bytes that are read")]
    TooLarge,
    /// Everything that is wrong with it.
    #[error("the table of categories cannot be used: {}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("; "))]
    Problems(Vec<Problem>),
}

/// How every category is made.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryTable {
    settings: BTreeMap<Category, Settings>,
    /// Those of the class of what is not known.
    default: Settings,
}

impl CategoryTable {
    /// The table that is part of the program.
    ///
    /// # Errors
    /// Never, as the tests show.
    pub fn built_in() -> Result<Self, TableError> {
        let table = parsed(BUILT_IN)?;
        let mut problems = known(&table);
        let nothing = Table::new();
        let all = section(&table, FOR_ALL).unwrap_or(&nothing);
        let mut settings = BTreeMap::new();
        for category in Category::ALL {
            let own = section(&table, category.name()).unwrap_or(&nothing);
            let mut reader = Reader::new(category.name(), vec![own, all], &mut problems);
            if let Some(read) = reader.settings(None) {
                settings.insert(category, read);
            }
        }
        finished(settings, problems)
    }

    /// The built-in table with the changes of an operator's file: TOML of the same form, in which a
    /// category's own value goes before that of `[all]`, and both before the built-in one.
    ///
    /// # Errors
    /// When the text is no such table; all problems are told at once.
    pub fn with_changes(text: &str) -> Result<Self, TableError> {
        let table = parsed(text)?;
        let mut problems = known(&table);
        let nothing = Table::new();
        let all = section(&table, FOR_ALL).unwrap_or(&nothing);
        let mut settings = Self::built_in()?.settings;
        for (category, settings) in &mut settings {
            let own = section(&table, category.name()).unwrap_or(&nothing);
            let mut reader = Reader::new(category.name(), vec![own, all], &mut problems);
            if let Some(changed) = reader.settings(Some(settings)) {
                *settings = changed;
            }
        }
        finished(settings, problems)
    }

    /// The most candidates any category is made with.
    #[must_use]
    pub fn most_candidates(&self) -> u32 {
        let counts = self.settings.values().map(|settings| settings.candidates);
        counts.max().unwrap_or(1)
    }

    /// How many candidates each category is made with, in words: `plants 3, others 1`.
    #[must_use]
    pub fn candidates(&self) -> String {
        let usual = self.default.candidates;
        let special = self
            .settings
            .iter()
            .filter(|(_, settings)| settings.candidates != usual)
            .map(|(category, settings)| format!("{category} {}, ", settings.candidates));
        let special: String = special.collect();
        if special.is_empty() {
            return usual.to_string();
        }
        format!("{special}others {usual}")
    }

    /// How a category is made.
    #[must_use]
    pub fn settings(&self, category: Category) -> &Settings {
        self.settings.get(&category).unwrap_or(&self.default)
    }
}

/// As a file of the same form, whole: what an operator can begin with.
impl fmt::Display for CategoryTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (category, settings)) in self.settings.iter().enumerate() {
            if index > 0 {
                writeln!(formatter)?;
            }
            writeln!(formatter, "[{category}]")?;
            // A template holds nothing that JSON writes otherwise than TOML.
            let template = serde_json::Value::from(settings.template.to_string());
            let (matting, structure, latent) =
                (settings.matting, settings.structure, settings.latent);
            let values: [(&str, &dyn fmt::Display); KEYS.len()] = [
                ("candidates", &settings.candidates),
                ("template", &template),
                ("image_steps", &settings.image_steps),
                ("least_coverage", &matting.least_coverage),
                ("most_coverage", &matting.most_coverage),
                ("most_border", &matting.most_border),
                ("most_holes", &matting.most_holes),
                ("most_islands", &matting.most_islands),
                ("structure_steps", &structure.steps),
                ("structure_guidance", &structure.guidance),
                ("latent_steps", &latent.steps),
                ("latent_guidance", &latent.guidance),
            ];
            for (key, value) in values {
                writeln!(formatter, "{key} = {value}")?;
            }
        }
        Ok(())
    }
}

fn finished(
    settings: BTreeMap<Category, Settings>,
    mut problems: Vec<Problem>,
) -> Result<CategoryTable, TableError> {
    // What is wrong in `[all]` is met once for each category.
    problems.sort_by(|left, right| (&left.place, &left.what).cmp(&(&right.place, &right.what)));
    problems.dedup();
    match settings.get(&Category::Household).cloned() {
        Some(default) if problems.is_empty() => Ok(CategoryTable { settings, default }),
        _ => Err(TableError::Problems(problems)),
    }
}

fn parsed(text: &str) -> Result<Table, TableError> {
    if text.len() > MOST_TABLE {
        return Err(TableError::TooLarge);
    }
    text.parse::<Table>().map_err(|error| {
        let begin = error.span().map_or(0, |span| span.start);
        let before = text.bytes().take(begin);
        let line = 1 + before.filter(|byte| *byte == b'\n').count();
        let words: Vec<&str> = error.message().lines().collect();
        TableError::Unreadable(line, words.join(" "))
    })
}

fn section<'a>(table: &'a Table, name: &str) -> Option<&'a Table> {
    table.get(name).and_then(Value::as_table)
}
