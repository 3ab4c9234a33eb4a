//! `splatsmith convert`: another container, and another frame and size if asked for.
//!
//! One file at a time is in memory: its bytes and the cloud in them, then the cloud and the bytes
//! it becomes. The output appears complete or not at all.

mod mesh;
mod plan;
mod report;
mod source;

use std::time::Instant;

use anyhow::{Context, Result};
use splat::inspect::Bounds;
use splat::{Cloud, Container, OutputProfile, spz};

use crate::args::ConvertArgs;
use crate::files::write_atomic;
use crate::ui::{Console, Progress};
use crate::{Failure, Outcome};
use plan::{Job, Plan, Wanted};
use report::{Conversion, Refused, Side};
use source::Source;

/// What happens to each file, in this order.
const STAGES: [&str; 5] = ["reading", "sampling", "turning", "packing", "writing"];

/// Converts. Of several files one that cannot be converted does not keep the others from it.
pub(crate) fn run(args: &ConvertArgs, console: &Console) -> Result<Outcome, Failure> {
    let plan = Plan::check(args)?;
    let progress = console.is_terminal().then(|| console.progress("convert"));
    if let Some(folder) = &plan.folder {
        crate::files::make_folder(folder)?;
        return Ok(all(&plan, args.json, progress.as_ref(), console)?);
    }
    for job in &plan.jobs {
        let conversion = convert(job, &plan.wanted, &mut |stage| {
            show(progress.as_ref(), 0, 1, stage);
        })?;
        match args.json {
            true => console.json(&conversion)?,
            false => conversion.show(console),
        }
    }
    Ok(Outcome::Pass)
}

/// Every file into the folder; fails if one did.
fn all(plan: &Plan, json: bool, progress: Option<&Progress>, console: &Console) -> Result<Outcome> {
    let mut results = Vec::with_capacity(plan.jobs.len());
    for (number, job) in plan.jobs.iter().enumerate() {
        let mut step = |stage| show(progress, number, plan.jobs.len(), stage);
        let result = convert(job, &plan.wanted, &mut step).map_err(|error| {
            console.error(&format!("{error:#}"));
            Refused::new(job, &error)
        });
        if let (Ok(conversion), false) = (&result, json) {
            conversion.show(console);
        }
        results.push(result);
    }
    if json {
        console.json(&report::list(&results))?;
    }
    Ok(match results.iter().all(Result::is_ok) {
        true => Outcome::Pass,
        false => Outcome::Fail,
    })
}

/// Moves the bar to one of the [`STAGES`] of file `number` of `files`.
fn show(progress: Option<&Progress>, number: usize, files: usize, stage: usize) {
    if let (Some(progress), Some(name)) = (progress, STAGES.get(stage)) {
        let done = number * STAGES.len() + stage;
        progress.set(name, done as u64, (files * STAGES.len()) as u64);
    }
}

/// Converts one file, announcing each of the [`STAGES`] by its number.
fn convert(job: &Job, wanted: &Wanted, step: &mut dyn FnMut(usize)) -> Result<Conversion> {
    let started = Instant::now();
    step(0);
    let mut source = source::open(&job.input, &wanted.sampling, || step(1))?;
    let before = Side::of(&source.cloud, source.kind, source.bytes);
    step(2);
    // What knows which way up it is comes in a size of its own as well: made for a validator where
    // nothing else is asked for.
    let made = source.frame.map(|_| OutputProfile::PULL_2025);
    let profile = wanted.profile.or(made);
    if let Some(profile) = &profile {
        let from = source.frame.unwrap_or(wanted.from);
        source.cloud = profile.apply(source.cloud, from);
        // What was packed is no longer what is wanted.
        source.packed = None;
    }
    step(3);
    let bytes = pack(&source, job, wanted)?;
    step(4);
    write_atomic(&job.output, &bytes)?;
    let mut notes = std::mem::take(&mut source.notes);
    notes.extend(losses(&source.cloud, job.container));
    Ok(Conversion {
        input: job.input.clone(),
        output: job.output.clone(),
        from: before,
        to: Side::of(&source.cloud, job.container.name(), bytes.len() as u64),
        profile: profile.map(|profile| profile.name),
        seconds: started.elapsed().as_secs_f64(),
        notes,
    })
}

/// The bytes of the output. From one SPZ to another nothing is unpacked and so nothing is rounded
/// a second time.
fn pack(source: &Source, job: &Job, wanted: &Wanted) -> Result<Vec<u8>> {
    match (&source.packed, job.container.flavour()) {
        (Some(packed), Some(flavour)) => spz::transcode(packed, flavour, wanted.compression),
        _ => job.container.write_with(&source.cloud, wanted.compression),
    }
    .with_context(|| format!("{}", job.output.display()))
}

/// The largest coordinate an SPZ holds: 24 bits of 1/4096 units.
const SPZ_REACH: f64 = 2048.0;

/// What a person should know about what `container` does not hold of this cloud.
fn losses(cloud: &Cloud, container: Container) -> Vec<String> {
    let mut losses = Vec::new();
    let columns = cloud.columns();
    if columns.sh.degree > 0 && !container.keeps_harmonics() {
        losses.push(format!(
            "spherical harmonics of degree {} are left out: {container} has none",
            columns.sh.degree
        ));
    }
    let outside = |bounds: &Bounds| {
        let corners = bounds.min.iter().chain(&bounds.max);
        corners
            .into_iter()
            .any(|side| !(-SPZ_REACH..SPZ_REACH).contains(&f64::from(*side)))
    };
    let reaches_out = Bounds::of(&columns.positions).is_some_and(|bounds| outside(&bounds));
    if container.flavour().is_some() && reaches_out {
        losses.push(format!(
            "some splats lie beyond ±{SPZ_REACH}, where {container} cannot place them: convert \
             with --profile, which brings them nearer"
        ));
    }
    losses
}
