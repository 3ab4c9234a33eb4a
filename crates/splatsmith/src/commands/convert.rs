//! `splatsmith convert`: another container, and another frame and size if asked for.

use splat::OutputProfile;

use crate::args::ConvertArgs;
use crate::config::{Problems, container, profile};
use crate::files::{read_cloud, write_cloud};
use crate::ui::Console;
use crate::{Failure, Outcome};

/// Converts; the output appears complete or not at all.
pub(crate) fn run(args: &ConvertArgs, console: &Console) -> Result<Outcome, Failure> {
    let mut problems = Problems::default();
    let target = container("OUT", &args.output, &mut problems);
    let from = profile("--from", &args.from, &mut problems);
    let wanted: Option<OutputProfile> = args
        .profile
        .as_deref()
        .and_then(|name| profile("--profile", name, &mut problems));
    let (target, from) = problems.or(target.zip(from))?;

    let (cloud, source) = read_cloud(&args.input)?;
    let cloud = match wanted {
        Some(wanted) => wanted.apply(cloud, from.frame),
        None => cloud,
    };
    let bytes = write_cloud(&args.output, &cloud, target)?;
    console.line(&format!(
        "{}: {} splats, {} to {}, {bytes} bytes",
        args.output.display(),
        cloud.len(),
        source.extension(),
        target.extension(),
    ));
    Ok(Outcome::Pass)
}
