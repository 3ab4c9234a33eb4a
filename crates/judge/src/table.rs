//! A verdict as a table for people.

use std::fmt;

use crate::verdict::{Gate, Part, Verdict};

/// A verdict to be printed, coloured on request.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    verdict: &'a Verdict,
    colour: bool,
}

const GREEN: &str = "\u{1b}[32m";
const RED: &str = "\u{1b}[31m";
const YELLOW: &str = "\u{1b}[33m";
const DIM: &str = "\u{1b}[2m";
const RESET: &str = "\u{1b}[0m";

impl Verdict {
    /// The verdict as a table of every part with its value, limit and reason. `Display` prints it
    /// without colour; ask for colour only where the output is a terminal.
    #[must_use]
    pub fn table(&self, colour: bool) -> Table<'_> {
        Table {
            verdict: self,
            colour,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table(false).fmt(formatter)
    }
}

impl Table<'_> {
    /// `text` in a colour, where colours are wanted.
    fn paint(&self, style: &str, text: &str) -> String {
        if self.colour {
            format!("{style}{text}{RESET}")
        } else {
            text.to_owned()
        }
    }

    fn mark(&self, pass: bool) -> String {
        if pass {
            self.paint(GREEN, "pass")
        } else {
            self.paint(RED, "FAIL")
        }
    }

    fn gate(&self, formatter: &mut fmt::Formatter<'_>, mark: &str, gate: &Gate) -> fmt::Result {
        writeln!(
            formatter,
            "{mark}  {:<20} {:>11} {:>11}  {}",
            gate.name,
            number(gate.value),
            number(gate.limit),
            gate.why
        )
    }

    fn part(
        &self,
        formatter: &mut fmt::Formatter<'_>,
        name: &str,
        part: Part,
        why: &str,
    ) -> fmt::Result {
        let missing = self
            .verdict
            .not_scored
            .iter()
            .find(|missing| missing.part == name);
        match part {
            Part::Scored(value) => writeln!(
                formatter,
                "      {name:<20} {value:>11.4}              {why}"
            ),
            Part::NotScored => writeln!(
                formatter,
                "      {name:<20} {}              {}",
                self.paint(DIM, " not scored"),
                self.paint(DIM, missing.map_or(why, |missing| &missing.why))
            ),
        }
    }
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdict {
            pass,
            score,
            threshold,
            gates,
            warnings,
            parts,
            ..
        } = self.verdict;
        writeln!(
            formatter,
            "      {:<20} {:>11} {:>11}  why",
            "part", "value", "limit"
        )?;
        for gate in gates {
            self.gate(formatter, &self.mark(gate.pass), gate)?;
        }
        for gate in warnings {
            let mark = if gate.pass {
                self.mark(true)
            } else {
                self.paint(YELLOW, "warn")
            };
            self.gate(formatter, &mark, gate)?;
        }
        let consistency = self.verdict.consistency().map_or_else(
            || "likeness of neighbouring views, 0.025 of the score; there are none".to_owned(),
            |share| {
                format!(
                    "likeness of neighbouring views; earns {:.1} % of its 0.025 of the score",
                    share * 100.0
                )
            },
        );
        self.part(
            formatter,
            "iqa",
            parts.iqa,
            "DINOv2 quality of the views, 0.75 of the score",
        )?;
        self.part(
            formatter,
            "alignment",
            parts.alignment,
            "likeness to the prompt, 0.2 of the score; below 0.3 the score is 0",
        )?;
        self.part(formatter, "ssim", parts.ssim, &consistency)?;
        self.part(
            formatter,
            "lpips",
            parts.lpips,
            "perceptual likeness of neighbouring views, 0.025 of the score",
        )?;
        self.part(
            formatter,
            "clip",
            parts.clip,
            "CLIP cosine of four views with the prompt",
        )?;
        let score = score.map_or_else(
            || format!("{:>11}", "not scored"),
            |score| format!("{score:>11.4}"),
        );
        write!(
            formatter,
            "{}  {:<20} {score} {:>11}  {}",
            self.mark(*pass),
            "score",
            number(*threshold),
            self.verdict.summary()
        )
    }
}

/// Counts without decimals, everything else with as many as matter.
fn number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e12 {
        format!("{value:.0}")
    } else if value.abs() >= 0.01 {
        format!("{value:.3}")
    } else {
        format!("{value:.1e}")
    }
}
