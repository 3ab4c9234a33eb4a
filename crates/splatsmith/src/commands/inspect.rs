//! `splatsmith inspect`: what is in a cloud and what is wrong with it.

use splat::inspect::inspect;

use crate::args::InspectArgs;
use crate::config::{Problems, profile};
use crate::files::read_cloud;
use crate::ui::Console;
use crate::{Failure, Outcome};

/// Shows the inspection; finding defects is no failure of the command.
pub(crate) fn run(args: &InspectArgs, console: &Console) -> Result<Outcome, Failure> {
    let mut problems = Problems::default();
    let profile = profile("--profile", &args.profile, &mut problems);
    let profile = problems.or(profile)?;
    let (cloud, container) = read_cloud(&args.file)?;
    let inspection = inspect(&cloud, &profile);
    if args.json {
        console.json(&inspection)?;
    } else {
        console.line(&format!(
            "{} ({}), as {profile} wants it\n{inspection}",
            args.file.display(),
            container.extension(),
        ));
    }
    Ok(Outcome::Pass)
}
