//! `splatsmith models plan`: what of the pipeline stays on a GPU, as the native backend would decide.

use ::generate::native::{Inventory, Outlook, OutlookOptions, Weights};
use ::generate::residency::{Budget, Plan, Row, Stage, TooSmall};
use anyhow::anyhow;
use models::store::Store;
use serde::Serialize;

use super::super::judges;
use crate::args::PlanArgs;
use crate::config::{Problems, check_vram, places};
use crate::ui::Console;
use crate::{Failure, Outcome};

/// Behind a part of a plan that is still to be pulled.
const PUBLISHED: &str = "as published: not here";

/// A plan with everything, and with what is here, for scripts.
#[derive(Debug, Serialize)]
struct Outlooks {
    #[serde(flatten)]
    whole: Planned,
    /// What is to be pulled for it: names for `splatsmith models pull`.
    missing: Vec<String>,
    /// `clip` or `lexicon`.
    classed_by: &'static str,
    /// With what is here alone, where something is missing.
    now: Option<Planned>,
}

/// A plan, or why there is none.
#[derive(Debug, Default, Serialize)]
struct Planned {
    fits: bool,
    /// In words, where it does not fit or there is nothing to plan with.
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
    /// Whether these are the bytes of files that are here, rather than those published.
    here: bool,
    stay: &'static str,
}

#[derive(Debug, Serialize)]
struct PlannedStage {
    stage: &'static str,
    /// Weights and what is computed with, in bytes.
    bytes: u64,
}

/// What is here and what could be, each with its plan.
struct Found {
    outlook: Outlook,
    budget: Budget,
    whole: Result<Plan, TooSmall>,
    /// `None` where nothing can be generated with what is here.
    now: Option<Result<Plan, TooSmall>>,
    missing: Vec<String>,
}

/// Plans; fails where the pipeline does not fit.
pub(crate) fn run(args: &PlanArgs, console: &Console) -> Result<Outcome, Failure> {
    let found = look(args)?;
    if args.json {
        console.json(&found.for_scripts())?;
    } else {
        console.line(&found.in_words());
    }
    Ok(if found.whole.is_ok() {
        Outcome::Pass
    } else {
        Outcome::Fail
    })
}

fn look(args: &PlanArgs) -> Result<Found, Failure> {
    let mut problems = Problems::default();
    check_vram(args.vram, &mut problems);
    let places = places(&args.store, &mut problems);
    let places = problems.or(places)?;
    let store = Store::open(places).map_err(anyhow::Error::from)?;
    let judge_is_here = judges::missing_in(&store).is_empty();
    let outlook = Outlook::look(&OutlookOptions {
        weights: match &args.files.folder {
            Some(folder) => Weights::Folder(folder.clone()),
            None => Weights::Store(Box::new(store)),
        },
        flux: args.files.flux_folder.clone(),
        cutters: args.files.cutout.clone(),
        images_only: args.images_only,
        judge_is_here,
    });
    let outlook = outlook.map_err(|why| anyhow!(why))?;
    let (is_judged, budget) = (!args.no_validation, Budget::of_card(args.vram));
    let whole = outlook.whole.plan(is_judged, budget);
    // Without its networks the judge goes by gates, on the host.
    let now = outlook.now.as_ref().ok();
    let now = now.map(|it| it.plan(is_judged && judge_is_here, budget));
    let missing = outlook.whole.lacks(whole.as_ref().ok(), is_judged);
    Ok(Found {
        outlook,
        budget,
        whole,
        now,
        missing,
    })
}

impl Found {
    fn for_scripts(&self) -> Outlooks {
        let now = || match (&self.outlook.now, &self.now) {
            (Ok(inventory), Some(plan)) => planned(inventory, plan, self.budget),
            (now, _) => Planned {
                why: now.as_ref().err().cloned(),
                budget: self.budget.bytes,
                ..Planned::default()
            },
        };
        Outlooks {
            whole: planned(&self.outlook.whole, &self.whole, self.budget),
            missing: self.missing.clone(),
            classed_by: if self.outlook.classed_by_clip {
                "clip"
            } else {
                "lexicon"
            },
            now: (!self.missing.is_empty()).then(now),
        }
    }

    fn in_words(&self) -> String {
        let inventory = &self.outlook.whole;
        let whole = match &self.whole {
            Ok(plan) => {
                let remark = |part| (!inventory.is_here(part, plan)).then_some(PUBLISHED);
                plan.with_remarks(remark)
            }
            Err(error) => format!("it does not fit: {error}"),
        };
        let classed = if self.outlook.classed_by_clip {
            "by CLIP and their words, on the host"
        } else {
            "by their words: clip-vit-l14 is not here"
        };
        let whole = format!("{whole}\nprompts are classed {classed}");
        if self.missing.is_empty() {
            return whole;
        }
        let takes = self.outlook.takes.unwrap_or_default();
        let now = match (&self.outlook.now, &self.now) {
            (_, Some(Ok(plan))) => format!(
                "with what is here {takes} can be asked for; {}",
                plan.moves()
            ),
            (_, Some(Err(error))) => format!("what is here does not fit: {error}"),
            (Err(why), None) => format!("nothing can be generated yet: {why}"),
            (Ok(_), None) => String::new(),
        };
        let names = self.missing.join(" ");
        format!("{whole}\nget what is not here with `splatsmith models pull {names}`\n{now}")
    }
}

fn planned(inventory: &Inventory, plan: &Result<Plan, TooSmall>, budget: Budget) -> Planned {
    let mut planned = Planned {
        fits: plan.is_ok(),
        why: plan.as_ref().err().map(ToString::to_string),
        budget: budget.bytes,
        ..Planned::default()
    };
    if let Ok(plan) = plan {
        let stage = |stage: Stage| {
            Some(PlannedStage {
                stage: stage.name(),
                bytes: plan.needed_in(stage)?,
            })
        };
        let part = |row: &Row| PlannedPart {
            part: row.need.part.name(),
            bytes: row.need.bytes,
            here: inventory.is_here(row.need.part, plan),
            stay: row.stay.name(),
        };
        planned.variant.clone_from(&plan.variant);
        planned.peak = Some(plan.peak());
        planned.parts = plan.rows.iter().map(part).collect();
        planned.stages = Stage::ALL.into_iter().filter_map(stage).collect();
    }
    planned
}
