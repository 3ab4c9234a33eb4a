//! `splatsmith generate`: one prompt, one asset.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ::generate::best_of::{Chosen, Step, best_of};
use ::generate::{GenerationEvent, Recipe, Request, StageTime};
use ::judge::Verdict;
use anyhow::{Context, Result};
use serde::Serialize;
use splat::{Container, OutputProfile};

use super::{generators, judges, pictures, prompts, session};
use crate::args::GenerateArgs;
use crate::config::{
    GenerationConfig, Problems, PromptSource, container, duration, profile, prompt,
};
use crate::files::{check_writable, write_atomic, write_cloud};
use crate::ui::Console;
use crate::{Failure, Outcome};

/// What to make and where to put it, checked.
struct Plan {
    source: PromptSource,
    output: PathBuf,
    container: Container,
    preview: Option<PathBuf>,
    profile: OutputProfile,
    budget: Option<Duration>,
    seed: u64,
    generation: GenerationConfig,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Made<'a> {
    output: &'a Path,
    preview: Option<&'a Path>,
    splats: usize,
    bytes: u64,
    seed: u64,
    /// How many candidates it is the best of.
    candidates: u32,
    profile: &'a str,
    backend: &'a str,
    seconds: f64,
    notes: &'a [String],
    recipe: &'a Recipe,
    stages: Vec<Stage>,
    verdict: Option<&'a Verdict>,
}

/// What a stage took.
#[derive(Serialize)]
struct Stage {
    stage: &'static str,
    seconds: f64,
    /// The most of the device's memory that was held, where that can be asked.
    peak_bytes: Option<u64>,
    /// What the device's plan foresees of that.
    planned_bytes: Option<u64>,
}

/// Generates. The asset is written even when no candidate passes, but the command fails then.
pub(crate) fn run(args: &GenerateArgs, console: &Console) -> Result<Outcome, Failure> {
    let plan = check(args)?;
    for file in [Some(&plan.output), plan.preview.as_ref()]
        .into_iter()
        .flatten()
    {
        check_writable(file)?;
    }
    let started = Instant::now();
    let request = Request {
        prompt: prompts::load(&plan.source)?,
        seed: plan.seed,
        candidates: plan.generation.candidates,
        deadline: plan.budget.map(|budget| started + budget),
    };
    let (backend, chosen, candidates) =
        session::runtime()?.block_on(choose(&plan, request, console))?;

    let cloud = &chosen.candidate.cloud;
    let bytes = write_cloud(&plan.output, cloud, plan.container)?;
    if let Some(preview) = &plan.preview {
        let sides = pictures::sides(cloud.clone(), plan.profile.frame)?;
        write_atomic(preview, &pictures::sheet(&sides)?)?;
    }
    let made = Made {
        output: &plan.output,
        preview: plan.preview.as_deref(),
        splats: cloud.len(),
        bytes,
        seed: chosen.candidate.seed,
        candidates,
        profile: plan.profile.name,
        backend: &backend,
        seconds: started.elapsed().as_secs_f64(),
        notes: &chosen.candidate.notes,
        recipe: &chosen.candidate.recipe,
        stages: stages(&chosen.candidate.stages),
        verdict: chosen.verdict.as_deref(),
    };
    report(&made, args.json, console)?;
    Ok(match &chosen.verdict {
        Some(verdict) if !verdict.pass => Outcome::Fail,
        _ => Outcome::Pass,
    })
}

fn stages(times: &[StageTime]) -> Vec<Stage> {
    let stages = times.iter().map(|time| Stage {
        stage: time.stage,
        seconds: time.time.as_secs_f64(),
        peak_bytes: time.memory.map(|memory| memory.peak),
        planned_bytes: time.memory.and_then(|memory| memory.planned),
    });
    stages.collect()
}

/// In one line, or a table where a device tells of its memory.
fn shown(stages: &[Stage]) -> String {
    if stages.iter().all(|stage| stage.peak_bytes.is_none()) {
        let times = stages
            .iter()
            .map(|time| format!("{} {:.1} s", time.stage, time.seconds));
        return times.collect::<Vec<_>>().join(", ");
    }
    let gigabytes = |bytes: Option<u64>| {
        bytes.map_or_else(String::new, |bytes| format!("{:.2} GB", bytes as f64 / 1e9))
    };
    let rows = stages.iter().map(|stage| {
        let (peak, planned) = (gigabytes(stage.peak_bytes), gigabytes(stage.planned_bytes));
        format!(
            "{:<10} {:>8.1} {peak:>9} {planned:>9}",
            stage.stage, stage.seconds
        )
    });
    let head = format!(
        "{:<10} {:>8} {:>9} {:>9}",
        "stage", "seconds", "peak", "planned"
    );
    let lines: Vec<String> = std::iter::once(head).chain(rows).collect();
    let lines = lines.iter().map(|line| line.trim_end());
    lines.collect::<Vec<_>>().join("\n")
}

/// By which backend, what, and of how many candidates.
async fn choose(plan: &Plan, request: Request, console: &Console) -> Result<(String, Chosen, u32)> {
    let generators = generators::start(&plan.generation)?;
    let generator = generators.first().context("no backend is configured")?;
    let judge = judges::working(&plan.generation, console);
    let label = generator.label().to_owned();
    let progress = console.progress(&label);
    let mut candidates = 0;
    let chosen = best_of(
        generator.as_ref(),
        judge.as_ref(),
        request,
        &plan.profile,
        |step| match step {
            Step::Generation(GenerationEvent::Progress { stage, done, total }) => {
                progress.set(stage, (*done).into(), (*total).into());
            }
            Step::Generation(GenerationEvent::Candidate(candidate)) => {
                candidates += 1;
                if judge.is_some() {
                    progress.set(&format!("judging seed {}", candidate.seed), 0, 1);
                }
            }
            Step::Judged { seed, verdict } => {
                progress.set(&format!("seed {seed}: {}", verdict.summary()), 1, 1);
            }
        },
    )
    .await?;
    Ok((label, chosen, candidates))
}

fn check(args: &GenerateArgs) -> Result<Plan, Problems> {
    let mut problems = Problems::default();
    let source = prompt(
        "PROMPT",
        args.prompt.as_deref(),
        args.image.as_deref(),
        &mut problems,
    );
    let output = match (&args.output, &source) {
        (Some(output), _) => Some(output.clone()),
        (None, Some(source)) => Some(named_after(source)),
        (None, None) => None,
    };
    let container = output
        .as_deref()
        .and_then(|output| container("--output", output, &mut problems));
    let profile = profile("--profile", &args.profile, &mut problems);
    let budget = args
        .budget
        .as_deref()
        .and_then(|text| duration("--budget", text, &mut problems));
    if args.generation.endpoints.len() > 1 {
        problems.add(
            "--generation.endpoints: one prompt needs one endpoint",
            "give a single one, or use --backend URL",
        );
    }
    let generation = GenerationConfig::check(&args.generation, &mut problems);
    let (Some(source), Some(output), Some(container), Some(profile)) =
        (source, output, container, profile)
    else {
        return problems.or(None);
    };
    problems.or(Some(Plan {
        source,
        output,
        container,
        preview: args.preview.clone(),
        profile,
        budget,
        seed: args.seed,
        generation,
    }))
}

/// `red sofa` → `red-sofa.ply`, `pumpkin.png` → `pumpkin.ply`, here.
fn named_after(source: &PromptSource) -> PathBuf {
    let stem = match source {
        PromptSource::Text(text) => slug(text),
        PromptSource::Image(path) => path
            .file_stem()
            .map(|stem| slug(&stem.to_string_lossy()))
            .unwrap_or_default(),
    };
    PathBuf::from(format!("{stem}.ply"))
}

/// Lower-case words joined by `-`, at most 48 characters: fit for a file name anywhere.
pub(crate) fn slug(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let slug: String = words.join("-").chars().take(48).collect();
    match slug.trim_end_matches('-') {
        "" => "asset".to_owned(),
        slug => slug.to_owned(),
    }
}

fn report(made: &Made<'_>, json: bool, console: &Console) -> Result<()> {
    if json {
        return console.json(made);
    }
    if let Some(verdict) = made.verdict {
        console.line(&verdict.table(console.colour()).to_string());
    }
    if !made.stages.is_empty() {
        console.line(&shown(&made.stages));
    }
    for note in made.notes {
        console.line(&format!("note: {note}"));
    }
    let among = match made.candidates {
        0 | 1 => String::new(),
        several => format!(" (the best of {several})"),
    };
    console.line(&format!(
        "{}: {} splats, {} bytes, {} for {}, seed {}{}, {:.1} s",
        made.output.display(),
        made.splats,
        made.bytes,
        made.backend,
        made.profile,
        made.seed,
        among,
        made.seconds,
    ));
    if let Some(preview) = made.preview {
        console.line(&format!("{}: what it looks like", preview.display()));
    }
    if made.verdict.is_some_and(|verdict| !verdict.pass) {
        console.line("no candidate passed: try another --seed or more --candidates");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_a_line_or_with_memory_a_table() {
        let stage = |stage, peak_bytes, planned_bytes| Stage {
            stage,
            seconds: 1.25,
            peak_bytes,
            planned_bytes,
        };
        let timed = [stage("read", None, None), stage("finish", None, None)];
        assert_eq!(shown(&timed), "read 1.2 s, finish 1.2 s");
        let measured = [
            stage("cut out", Some(5_140_000_000), Some(5_400_000_000)),
            stage("finish", None, None),
        ];
        assert_eq!(
            shown(&measured),
            "stage       seconds      peak   planned\n\
             cut out         1.2   5.14 GB   5.40 GB\n\
             finish          1.2"
        );
    }

    #[test]
    fn files_are_named_after_the_prompt() {
        let text = |prompt: &str| named_after(&PromptSource::Text(prompt.to_owned()));
        assert_eq!(text("Red  sofa!"), PathBuf::from("red-sofa.ply"));
        assert_eq!(text("../../etc/passwd"), PathBuf::from("etc-passwd.ply"));
        assert_eq!(text("???"), PathBuf::from("asset.ply"));
        assert!(text(&"long ".repeat(100)).as_os_str().len() <= 52);
        let image = PromptSource::Image(PathBuf::from("/pictures/pumpkin.png"));
        assert_eq!(named_after(&image), PathBuf::from("pumpkin.ply"));
    }
}
