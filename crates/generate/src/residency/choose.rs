//! The choice: every combination is tried, since there are only a few thousand.

use thiserror::Error;

use super::parts::{GB, Need, Part, Stage, Variant};

/// Left free of what a device says is free, for its driver and fragments, in bytes.
const SPARE: u64 = GB / 2;

/// Of its budget a plan leaves this share when it has to be tightened.
const TIGHTER: (u64, u64) = (9, 10);

/// How much of a device may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// In bytes.
    pub bytes: u64,
}

impl Budget {
    /// Of a card that is sold as one of so many gigabytes. What it has above a thousand million bytes
    /// each is left to its driver.
    #[must_use]
    pub fn of_card(gigabytes: u64) -> Self {
        Self {
            bytes: gigabytes.saturating_mul(GB),
        }
    }

    /// Of a device with so many bytes free.
    #[must_use]
    pub fn of_free(bytes: u64) -> Self {
        Self {
            bytes: bytes.saturating_sub(SPARE),
        }
    }
}

/// Where a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stay {
    /// On the device, always.
    Resident,
    /// On the device while it is used, loaded each time.
    Visiting,
    /// On the host, which does its work.
    OnHost,
}

impl Stay {
    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Resident => "stays",
            Self::Visiting => "comes and goes",
            Self::OnHost => "on the host",
        }
    }
}

/// A part and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The part and its size.
    pub need: Need,
    /// Where it is.
    pub stay: Stay,
}

/// What stays on a device and what does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which files of the painter; `None` where there is no painter.
    pub variant: Option<String>,
    /// The budget it was made for.
    pub budget: Budget,
    /// Every part.
    pub rows: Vec<Row>,
}

/// Even with one part at a time a stage does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{} needs {} at once ({parts}, and {} to compute with), and {} may be used: free memory, or use a larger card or another variant",
    stage.name(), gigabytes(*needed), gigabytes(*activations), gigabytes(budget.bytes)
)]
pub struct TooSmall {
    /// The stage that needs most.
    pub stage: Stage,
    /// What it needs at least, in bytes.
    pub needed: u64,
    /// Of these, what it computes with.
    pub activations: u64,
    /// Its parts with their sizes, in words.
    pub parts: String,
    /// What there is.
    pub budget: Budget,
}

/// `2.65 GB`.
pub(super) fn gigabytes(bytes: u64) -> String {
    format!("{:.2} GB", bytes as f64 / GB as f64)
}

impl Plan {
    /// Where `part` is; `None` where it is not used at all.
    #[must_use]
    pub fn stay(&self, part: Part) -> Option<Stay> {
        let row = self.rows.iter().find(|row| row.need.part == part)?;
        Some(row.stay)
    }

    /// Whether `part` is kept on the device between candidates.
    #[must_use]
    pub fn keeps(&self, part: Part) -> bool {
        self.stay(part) == Some(Stay::Resident)
    }

    /// The bytes of everything that stays.
    #[must_use]
    pub fn resident(&self) -> u64 {
        bytes_of(&self.rows, |row| row.stay == Stay::Resident)
    }

    /// The bytes that are loaded again for each candidate.
    #[must_use]
    pub fn moved(&self) -> u64 {
        bytes_of(&self.rows, |row| row.stay == Stay::Visiting)
    }

    /// What is on the device in a stage: weights and what it computes with; `None` where nothing is done
    /// in it.
    #[must_use]
    pub fn needed_in(&self, stage: Stage) -> Option<u64> {
        needed_in(&self.rows, stage)
    }

    /// The most that is on the device at any time.
    #[must_use]
    pub fn peak(&self) -> u64 {
        peak(&self.rows)
    }

    /// The next smaller plan, for a device that ran out of memory under this one; `None` where nothing
    /// is left to move.
    #[must_use]
    pub fn tighter(&self) -> Option<Self> {
        let needs: Vec<Need> = self.rows.iter().map(|row| row.need).collect();
        let mut bytes = self.budget.bytes.min(self.peak());
        loop {
            bytes = bytes * TIGHTER.0 / TIGHTER.1;
            // Where that is too little, as little as will do is tried last.
            let least = |small: TooSmall| {
                plan(
                    &needs,
                    Budget {
                        bytes: small.needed,
                    },
                )
            };
            let tried = plan(&needs, Budget { bytes });
            let is_least = tried.is_err();
            let smaller = tried.or_else(least).ok()?;
            if smaller.peak() < self.peak() {
                return Some(Self {
                    variant: self.variant.clone(),
                    ..smaller
                });
            }
            if is_least {
                return None;
            }
        }
    }
}

/// The plan for `needs` that loads the least for each candidate.
///
/// # Errors
/// When a stage does not fit into the budget whatever leaves.
pub fn plan(needs: &[Need], budget: Budget) -> Result<Plan, TooSmall> {
    let mut rows: Vec<Row> = needs
        .iter()
        .map(|need| Row {
            need: *need,
            stay: Stay::Resident,
        })
        .collect();
    let mut best: Option<(u64, Vec<Row>)> = None;
    try_all(&mut rows, 0, budget, &mut best);
    match best {
        Some((_, rows)) => Ok(Plan {
            variant: None,
            budget,
            rows,
        }),
        None => Err(too_small(needs, budget)),
    }
}

/// The plan for the best of `variants` with which nothing moves but what reads prompts; where there is
/// none, the plan that moves least. `needs` are those of the rest of the pipeline.
///
/// # Errors
/// When none fits.
pub fn choose(needs: &[Need], variants: &[Variant], budget: Budget) -> Result<Plan, TooSmall> {
    if variants.is_empty() {
        return plan(needs, budget);
    }
    let mut least: Option<Plan> = None;
    let mut refusal = None;
    for variant in variants {
        let all: Vec<Need> = variant.needs.iter().chain(needs).copied().collect();
        let found = match plan(&all, budget) {
            Ok(found) => Plan {
                variant: Some(variant.name.clone()),
                ..found
            },
            Err(too_small) => {
                refusal = Some(too_small);
                continue;
            }
        };
        let only_reads = |row: &Row| row.stay == Stay::Resident || row.need.part.may_be_on_host();
        if found.rows.iter().all(only_reads) {
            return Ok(found);
        }
        if least
            .as_ref()
            .is_none_or(|least| found.moved() < least.moved())
        {
            least = Some(found);
        }
    }
    // One of the two is there: each variant gave a plan or a refusal.
    least.ok_or_else(|| refusal.unwrap_or_else(|| too_small(needs, budget)))
}

/// Every way to place the parts from `index` on; `best` is the cheapest that fits.
fn try_all(rows: &mut [Row], index: usize, budget: Budget, best: &mut Option<(u64, Vec<Row>)>) {
    if index == rows.len() {
        let cost = rows.iter().map(cost).sum();
        let is_cheaper = best.as_ref().is_none_or(|(least, _)| cost < *least);
        if is_cheaper && peak(rows) <= budget.bytes {
            *best = Some((cost, rows.to_vec()));
        }
        return;
    }
    let part = rows[index].need.part;
    for stay in [Stay::Resident, Stay::Visiting, Stay::OnHost] {
        let is_possible = match stay {
            Stay::Resident => true,
            // The judge works at any time: it has no time to come and go.
            Stay::Visiting => part != Part::Judge,
            Stay::OnHost => part.may_be_on_host(),
        };
        if is_possible {
            rows[index].stay = stay;
            try_all(rows, index + 1, budget, best);
        }
    }
}

/// In bytes loaded for a candidate. What reads prompts does so once for all candidates, and the host does
/// it while the device is at something else, so it is moved before anything else is; the host takes longer
/// for it than loading it does.
fn cost(row: &Row) -> u64 {
    let once = if row.need.part.may_be_on_host() {
        16
    } else {
        1
    };
    match row.stay {
        Stay::Resident => 0,
        Stay::Visiting => row.need.bytes / once,
        Stay::OnHost => row.need.bytes / once * 2,
    }
}

fn peak(rows: &[Row]) -> u64 {
    let stages = Stage::ALL.into_iter();
    stages
        .filter_map(|stage| needed_in(rows, stage))
        .max()
        .unwrap_or(0)
}

fn needed_in(rows: &[Row], stage: Stage) -> Option<u64> {
    let works = |row: &Row| row.stay != Stay::OnHost && row.need.part.is_used_in(stage);
    if !rows
        .iter()
        .any(|row| row.need.part != Part::Judge && works(row))
    {
        return None;
    }
    let weights = bytes_of(rows, |row| row.stay == Stay::Resident || works(row));
    let always: u64 = rows.iter().map(|row| row.need.part.always()).sum();
    Some(weights + always + stage.activations())
}

fn bytes_of(rows: &[Row], which: impl Fn(&Row) -> bool) -> u64 {
    let rows = rows.iter().filter(|row| which(row));
    rows.map(|row| row.need.bytes).sum()
}

/// The stage that needs most when everything comes and goes.
fn too_small(needs: &[Need], budget: Budget) -> TooSmall {
    let rows: Vec<Row> = needs
        .iter()
        .map(|need| Row {
            need: *need,
            stay: match need.part {
                Part::Judge => Stay::Resident,
                part if part.may_be_on_host() => Stay::OnHost,
                _ => Stay::Visiting,
            },
        })
        .collect();
    let largest = Stage::ALL
        .into_iter()
        .filter_map(|stage| Some((needed_in(&rows, stage)?, stage)))
        .max_by_key(|(needed, _)| *needed);
    let (needed, stage) = largest.unwrap_or((0, Stage::Structure));
    let there = rows
        .iter()
        .filter(|row| row.stay != Stay::OnHost && row.need.part.is_used_in(stage))
        .map(|row| format!("{} {}", row.need.part, gigabytes(row.need.bytes)));
    let always: u64 = rows.iter().map(|row| row.need.part.always()).sum();
    TooSmall {
        stage,
        needed,
        activations: stage.activations() + always,
        parts: there.collect::<Vec<_>>().join(", "),
        budget,
    }
}

#[cfg(test)]
mod tests;
