//! `splatsmith judge`: what the validator would say.

use std::collections::BTreeMap;

use ::judge::{Assessment, Prompt, Verdict};
use ::models::scorer::Wanted;
use serde::Serialize;

use super::judges;
use super::prompts::load;
use crate::args::JudgeArgs;
use crate::config::{JudgingConfig, Problems, profile, prompt, upright};
use crate::files::read_cloud;
use crate::ui::Console;
use crate::{Failure, Outcome};

/// What `--json` prints.
#[derive(Serialize)]
struct Judged<'a> {
    #[serde(flatten)]
    verdict: &'a Verdict,
    /// How long each part took.
    seconds: BTreeMap<&'static str, f64>,
}

impl Judged<'_> {
    fn timetable(&self) -> String {
        let parts = self.seconds.iter();
        let parts: Vec<_> = parts
            .map(|(part, seconds)| format!("{part} {seconds:.2} s"))
            .collect();
        format!("took: {}", parts.join(", "))
    }
}

/// Judges one file. What cannot be read cannot be judged, which is not the same as failing.
pub(crate) fn run(args: &JudgeArgs, console: &Console) -> Result<Outcome, Failure> {
    let mut problems = Problems::default();
    let source = prompt(
        "--prompt TEXT",
        args.prompt.prompt.as_deref(),
        args.prompt.image.as_deref(),
        &mut problems,
    );
    let profile = profile("--profile", &args.profile, &mut problems);
    let judging = JudgingConfig::check(&args.judging, &mut problems);
    let (source, profile) = problems.or(source.zip(profile))?;
    let prompt: Prompt = load(&source).map_err(Failure::Undecided)?;
    let (cloud, _) = read_cloud(&args.file).map_err(Failure::Undecided)?;

    let wanted = Wanted {
        text: matches!(prompt, Prompt::Text(_)),
        image: matches!(prompt, Prompt::Image(_)),
        gate: true,
    };
    let judge = judges::scoring(&judging, wanted, console);
    let progress = console.progress("judging");
    progress.set("views", 0, 1);
    let cloud = upright().apply(cloud, profile.frame);
    let Assessment {
        verdict, timings, ..
    } = judge.assess(&cloud, &prompt);
    drop(progress);

    let seconds = timings.iter();
    let seconds = seconds.map(|timing| (timing.part, timing.took.as_secs_f64()));
    let judged = Judged {
        verdict: &verdict,
        seconds: seconds.collect(),
    };
    if args.json {
        console.json(&judged)?;
    } else {
        console.line(&verdict.table(console.colour()).to_string());
        console.line(&judged.timetable());
    }
    Ok(if verdict.pass {
        Outcome::Pass
    } else {
        Outcome::Fail
    })
}
