//! The values of a table, each with its name, its kind and its range.

use std::ops::RangeInclusive;

use toml::{Table, Value};

use super::{FOR_ALL, Problem};
use crate::categories::{Category, MattingLimits, Settings, StageSettings};
use crate::generator::MOST_CANDIDATES;
use crate::shaping::Template;

/// The names of values, as in the table's own comments.
pub(super) const KEYS: [&str; 12] = [
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
pub(super) fn known(table: &Table) -> Vec<Problem> {
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
pub(super) struct Reader<'a> {
    name: &'static str,
    sections: Vec<&'a Table>,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        name: &'static str,
        sections: Vec<&'a Table>,
        problems: &'a mut Vec<Problem>,
    ) -> Self {
        Self {
            name,
            sections,
            problems,
        }
    }

    /// The settings on top of `before`; `None` when a value is wrong, or missing without `before`.
    pub(super) fn settings(&mut self, before: Option<&Settings>) -> Option<Settings> {
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
