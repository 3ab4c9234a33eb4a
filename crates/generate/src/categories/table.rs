//! The table of [`Settings`] by [`Category`]: built in, and changed by an operator's file.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use toml::{Table, Value};

use super::{Category, MattingLimits, Settings, StageSettings};
use crate::generator::MOST_CANDIDATES;
use crate::shaping::Template;

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
    #[error("the table of categories has {0} bytes; at most {MOST_TABLE} are read")]
    TooLarge(usize),
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
        return Err(TableError::TooLarge(text.len()));
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

/// The names of values, as in the table's own comments.
const KEYS: [&str; 12] = [
    "candidates",
    "template",
    "image_steps",
    "least_coverage",
    "most_coverage",
    "most_border",
    "most_holes",
    "most_islands",
    "structure_steps",
    "structure_guidance",
    "latent_steps",
    "latent_guidance",
];

/// Sections and names that mean nothing.
fn known(table: &Table) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, content) in table {
        let mut complain = |place: String, what: String| problems.push(Problem { place, what });
        if name != FOR_ALL
            && let Err(unknown) = name.parse::<Category>()
        {
            complain(name.clone(), format!("{unknown}, and [all]"));
            continue;
        }
        let Some(content) = content.as_table() else {
            complain(name.clone(), format!("write it as a section, [{name}]"));
            continue;
        };
        for key in content.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            complain(
                format!("{name}.{key}"),
                format!("there is no such value; there are {}", KEYS.join(", ")),
            );
        }
    }
    problems
}

/// Reads the values of one category, the first section that has one deciding.
struct Reader<'a> {
    name: &'static str,
    sections: Vec<&'a Table>,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn new(name: &'static str, sections: Vec<&'a Table>, problems: &'a mut Vec<Problem>) -> Self {
        Self {
            name,
            sections,
            problems,
        }
    }

    /// The settings on top of `before`; `None` when a value is wrong, or missing without `before`.
    fn settings(&mut self, before: Option<&Settings>) -> Option<Settings> {
        let matting = before.map(|settings| settings.matting);
        let (structure, latent) = (before.map(|it| it.structure), before.map(|it| it.latent));
        let share = 0.0..=1.0;
        // Every value is read before any is missed: all problems are told at once.
        let candidates = before.map(|it| it.candidates);
        let candidates = self.count("candidates", 1..=MOST_CANDIDATES, candidates);
        let template = self.template(before.map(|it| it.template.clone()));
        let image_steps = self.count("image_steps", 1..=50, before.map(|it| it.image_steps));
        let least_coverage = self.number(
            "least_coverage",
            &share,
            matting.map(|it| it.least_coverage.into()),
        );
        let most_coverage = self.number(
            "most_coverage",
            &share,
            matting.map(|it| it.most_coverage.into()),
        );
        let most_border = self.number(
            "most_border",
            &share,
            matting.map(|it| it.most_border.into()),
        );
        let most_holes = self.number("most_holes", &share, matting.map(|it| it.most_holes.into()));
        let most_islands = self.count(
            "most_islands",
            1..=10_000,
            matting.map(|it| it.most_islands),
        );
        let structure = self.stage(["structure_steps", "structure_guidance"], structure);
        let latent = self.stage(["latent_steps", "latent_guidance"], latent);
        let matting = MattingLimits {
            least_coverage: least_coverage? as f32,
            most_coverage: most_coverage? as f32,
            most_border: most_border? as f32,
            most_holes: most_holes? as f32,
            most_islands: most_islands?,
        };
        if matting.least_coverage >= matting.most_coverage {
            self.complain(
                self.name,
                "least_coverage",
                format!(
                    "{} is not below most_coverage, {}",
                    matting.least_coverage, matting.most_coverage
                ),
            );
            return None;
        }
        Some(Settings {
            candidates: candidates?,
            template: template?,
            image_steps: image_steps?,
            matting,
            structure: structure?,
            latent: latent?,
        })
    }

    fn stage(
        &mut self,
        [steps, guidance]: [&str; 2],
        before: Option<StageSettings>,
    ) -> Option<StageSettings> {
        let steps = self.count(steps, 1..=200, before.map(|stage| stage.steps));
        let guidance = self.number(guidance, &(0.0..=30.0), before.map(|stage| stage.guidance));
        Some(StageSettings {
            steps: steps?,
            guidance: guidance?,
        })
    }

    /// The value called `key`, and the section it stands in.
    fn value(&self, key: &str) -> Option<(&'static str, &'a Value)> {
        let found = |(place, section): (usize, &&'a Table)| {
            let name = if place == 0 { self.name } else { FOR_ALL };
            section.get(key).map(|value| (name, value))
        };
        self.sections.iter().enumerate().find_map(found)
    }

    fn template(&mut self, before: Option<Template>) -> Option<Template> {
        let Some((place, value)) = self.value("template") else {
            return before;
        };
        let read = match value.as_str() {
            Some(text) => text.parse::<Template>().map_err(|error| error.to_string()),
            None => Err(format!("{} is no text in quotes", words(value))),
        };
        self.noted(place, "template", read)
    }

    fn count(&mut self, key: &str, range: RangeInclusive<u32>, before: Option<u32>) -> Option<u32> {
        let Some((place, value)) = self.value(key) else {
            return before;
        };
        let read = value
            .as_integer()
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                format!(
                    "{} is no whole number from {} to {}",
                    words(value),
                    range.start(),
                    range.end()
                )
            });
        self.noted(place, key, read)
    }

    fn number(
        &mut self,
        key: &str,
        range: &RangeInclusive<f64>,
        before: Option<f64>,
    ) -> Option<f64> {
        let Some((place, value)) = self.value(key) else {
            return before;
        };
        let read = value
            .as_float()
            .or_else(|| value.as_integer().map(|number| number as f64))
            .filter(|number| range.contains(number))
            .ok_or_else(|| {
                format!(
                    "{} is no number from {} to {}",
                    words(value),
                    range.start(),
                    range.end()
                )
            });
        self.noted(place, key, read)
    }

    fn noted<T>(&mut self, place: &str, key: &str, read: Result<T, String>) -> Option<T> {
        read.map_err(|what| self.complain(place, key, what)).ok()
    }

    fn complain(&mut self, place: &str, key: &str, what: String) {
        self.problems.push(Problem {
            place: format!("{place}.{key}"),
            what,
        });
    }
}

/// A value as it stands in the file, or what kind of value it is.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        other => format!("this {}", other.type_str()),
    }
}
