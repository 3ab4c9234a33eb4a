//! `splatsmith models plan`: what of the pipeline stays on a GPU, as the native backend would decide.

use ::generate::residency::{Budget, Need, Plan, Stage, TooSmall, Variant, choose};
use serde::Serialize;

use crate::args::PlanArgs;
use crate::ui::Console;
use crate::{Failure, Outcome};

/// A plan, or why there is none, for scripts.
#[derive(Debug, Serialize)]
struct Planned {
    fits: bool,
    /// In words, where it does not fit.
    why: Option<String>,
    variant: Option<String>,
    budget: u64,
    peak: Option<u64>,
    parts: Vec<PlannedPart>,
    stages: Vec<PlannedStage>,
}

#[derive(Debug, Serialize)]
struct PlannedPart {
    part: &'static str,
    bytes: u64,
    stay: &'static str,
}

#[derive(Debug, Serialize)]
struct PlannedStage {
    stage: &'static str,
    /// Weights and what is computed with, in bytes.
    bytes: u64,
}

/// Plans; fails where the pipeline does not fit.
pub(crate) fn run(args: &PlanArgs, console: &Console) -> Result<Outcome, Failure> {
    let mut needs = Need::TRELLIS_IMAGE.to_vec();
    needs.push(Need::BIREFNET);
    if !args.no_validation {
        needs.push(Need::JUDGE);
    }
    let variants = if args.images_only {
        Vec::new()
    } else {
        Variant::published()
    };
    let budget = Budget::of_card(args.vram);
    let plan = choose(&needs, &variants, budget);
    if args.json {
        console.json(&planned(&plan, budget))?;
    } else {
        match &plan {
            Ok(plan) => console.line(&plan.to_string()),
            Err(error) => console.line(&format!("it does not fit: {error}")),
        }
    }
    Ok(if plan.is_ok() {
        Outcome::Pass
    } else {
        Outcome::Fail
    })
}

fn planned(plan: &Result<Plan, TooSmall>, budget: Budget) -> Planned {
    let rows = plan.iter().flat_map(|plan| &plan.rows);
    let stages = Stage::ALL.into_iter().filter_map(|stage| {
        Some(PlannedStage {
            stage: stage.name(),
            bytes: plan.as_ref().ok()?.needed_in(stage)?,
        })
    });
    Planned {
        fits: plan.is_ok(),
        why: plan.as_ref().err().map(ToString::to_string),
        variant: plan.as_ref().ok().and_then(|plan| plan.variant.clone()),
        budget: budget.bytes,
        peak: plan.as_ref().ok().map(Plan::peak),
        parts: rows
            .map(|row| PlannedPart {
                part: row.need.part.name(),
                bytes: row.need.bytes,
                stay: row.stay.name(),
            })
            .collect(),
        stages: stages.collect(),
    }
}
