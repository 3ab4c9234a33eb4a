//! `splatsmith models`: the weights of the networks, and how prompts are made with them.

mod bars;
mod categories;
mod list;
mod plan;
mod pull;
mod verify;

use crate::args::{ModelsArgs, ModelsCommand};
use crate::ui::Console;
use crate::{Failure, Outcome};

/// Lists, gets, checks, plans or prints.
pub(crate) fn run(args: &ModelsArgs, console: &Console) -> Result<Outcome, Failure> {
    match &args.command {
        ModelsCommand::List(args) => list::run(args, console),
        ModelsCommand::Pull(args) => pull::run(args, console),
        ModelsCommand::Verify(args) => verify::run(args, console),
        ModelsCommand::Plan(args) => plan::run(args, console),
        ModelsCommand::Categories(args) => categories::run(args, console),
    }
}

/// The manifest that is part of the program.
fn manifest() -> Result<models::store::Manifest, anyhow::Error> {
    Ok(models::store::Manifest::built_in()?)
}
