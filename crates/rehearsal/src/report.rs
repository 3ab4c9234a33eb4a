//! How a rehearsal went, as a table for people and as JSON for scripts.

use std::fmt;

use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::Serialize;

use crate::books::Tally;

/// What the scores in a report were made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScoreBasis {
    /// The validator's whole score.
    Full,
    /// Networks are missing: the validator's gates, and how consistent adjacent views are.
    GatesAndViewConsistency,
}

impl fmt::Display for ScoreBasis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Full => "the validator's whole score",
            Self::GatesAndViewConsistency => {
                "gates and view consistency only (quality and alignment networks are not here)"
            }
        })
    }
}

/// One validator's line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ValidatorReport {
    /// Its place in the metagraph.
    pub uid: u16,
    /// Its ss58 address.
    pub hotkey: String,
    /// Its counts.
    #[serde(flatten)]
    pub tally: Tally,
}

/// How a rehearsal went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// All validators together.
    #[serde(flatten)]
    pub total: Tally,
    /// The share of the time in which the generator had nothing to do, 0 to 1. Validators cannot
    /// see it: whoever runs the miner fills it in.
    pub generator_idle_share: Option<f64>,
    /// What the scores are made of.
    pub score_basis: ScoreBasis,
    /// How many times faster than real the validators' clock rules ran.
    pub speed: f64,
    /// Validator by validator, in the order of the metagraph.
    pub validators: Vec<ValidatorReport>,
}

impl Report {
    pub(crate) fn new(validators: Vec<ValidatorReport>, basis: ScoreBasis, speed: f64) -> Self {
        let mut total = Tally::default();
        for validator in &validators {
            total.add(&validator.tally);
        }
        Self {
            total,
            generator_idle_share: None,
            score_basis: basis,
            speed,
            validators,
        }
    }

    /// Whether nobody broke a rule, nothing was lost and nothing was submitted twice.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.total.violations == 0 && self.total.lost == 0 && self.total.doubled == 0
    }
}

const HEADINGS: [&str; 11] = [
    "validator",
    "tasks",
    "answered",
    "accepted",
    "skipped",
    "rejected",
    "violations",
    "lost",
    "doubled",
    "faults",
    "mean score",
];

fn row(name: String, tally: &Tally) -> Vec<Cell> {
    let counts = [
        tally.tasks_pulled,
        tally.tasks_answered,
        tally.accepted,
        tally.skipped,
        tally.rejected,
        tally.violations,
        tally.lost,
        tally.doubled,
        tally.faults,
    ];
    let score = tally
        .mean_score
        .map_or_else(|| "–".to_owned(), |score| format!("{score:.3}"));
    std::iter::once(Cell::new(name))
        .chain(
            counts
                .iter()
                .map(ToString::to_string)
                .chain([score])
                .map(|text| Cell::new(text).set_alignment(CellAlignment::Right)),
        )
        .collect()
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED);
        table.set_header(HEADINGS);
        for validator in &self.validators {
            table.add_row(row(validator.uid.to_string(), &validator.tally));
        }
        table.add_row(row("all".to_owned(), &self.total));
        writeln!(formatter, "{table}")?;
        if let Some(idle) = self.generator_idle_share {
            writeln!(
                formatter,
                "generator idle {:.0} % of the time",
                idle * 100.0
            )?;
        }
        if self.total.unscored > 0 {
            let unscored = self.total.unscored;
            writeln!(
                formatter,
                "{unscored} answers were not scored in time: this machine is too busy for so many validators"
            )?;
        }
        write!(formatter, "scored by {}", self.score_basis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(uid: u16, tally: Tally) -> ValidatorReport {
        ValidatorReport {
            uid,
            hotkey: String::new(),
            tally,
        }
    }

    fn sample() -> Report {
        let first = Tally {
            tasks_pulled: 4,
            tasks_answered: 3,
            accepted: 1,
            mean_score: Some(0.9),
            scored: 1,
            ..Tally::default()
        };
        let second = Tally {
            tasks_pulled: 3,
            tasks_answered: 3,
            accepted: 3,
            mean_score: Some(0.7),
            scored: 3,
            ..Tally::default()
        };
        let lines = vec![line(0, first), line(1, second)];
        Report::new(lines, ScoreBasis::GatesAndViewConsistency, 20.0)
    }

    #[test]
    fn totals_add_up_and_means_are_weighted() {
        let report = sample();
        assert_eq!(report.total.tasks_pulled, 7);
        assert_eq!(report.total.accepted, 4);
        assert!((report.total.mean_score.unwrap() - 0.75).abs() < 1e-12);
    }

    #[test]
    fn each_of_the_three_sins_makes_it_unclean() {
        assert!(sample().is_clean());
        for sin in 0..3 {
            let mut report = sample();
            match sin {
                0 => report.total.violations = 1,
                1 => report.total.lost = 1,
                _ => report.total.doubled = 1,
            }
            assert!(!report.is_clean());
        }
    }

    #[test]
    fn json_has_the_documented_names() {
        let json = serde_json::to_value(sample()).unwrap();
        for name in [
            "tasks_pulled",
            "tasks_answered",
            "accepted",
            "skipped",
            "rejected",
            "unscored",
            "violations",
            "lost",
            "doubled",
            "generator_idle_share",
            "mean_score",
            "validators",
            "score_basis",
        ] {
            assert!(json.get(name).is_some(), "{name}");
        }
        assert_eq!(json["validators"][1]["uid"], 1);
        assert_eq!(json["validators"][1]["accepted"], 3);
    }

    #[test]
    fn the_table_names_every_validator_and_the_basis() {
        let text = sample().to_string();
        assert!(
            text.contains("mean score") && text.contains("all"),
            "{text}"
        );
        assert!(!text.contains("not scored"), "{text}");
        let mut busy = sample();
        busy.total.unscored = 2;
        assert!(busy.to_string().contains("2 answers were not scored"));
        assert!(text.contains("view consistency"), "{text}");
    }
}
