//! `splatsmith judge`: what the validator would say.

use ::judge::Prompt;
use ::models::scorer::Wanted;

use super::judges;
use super::prompts::load;
use crate::args::JudgeArgs;
use crate::config::{JudgingConfig, Problems, profile, prompt, upright};
use crate::files::read_cloud;
use crate::ui::Console;
use crate::{Failure, Outcome};

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
    let verdict = judge.assess(&cloud, &prompt).verdict;
    drop(progress);

    if args.json {
        console.json(&verdict)?;
    } else {
        console.line(&verdict.table(console.colour()).to_string());
    }
    Ok(if verdict.pass {
        Outcome::Pass
    } else {
        Outcome::Fail
    })
}
