//! The commands: each takes what was typed, checks it, and wires the rooms below together.

mod album;
pub(crate) mod check;
mod convert;
mod film;
mod generate;
mod generators;
mod hotkey;
mod inspect;
mod judge;
mod judges;
mod mine;
mod models;
mod native;
mod pictures;
mod prompts;
mod rehearse;
mod render;
mod serve;
mod session;
mod status;
pub(crate) mod subnet;
mod views;

use crate::args::Command;
use crate::ui::Console;
use crate::{Failure, Outcome};

/// Runs the chosen command to its end.
pub(crate) fn run(command: Command, console: &Console) -> Result<Outcome, Failure> {
    match command {
        Command::Generate(args) => generate::run(&args, console),
        Command::Render(args) => render::run(&args, console),
        Command::Inspect(args) => inspect::run(&args, console),
        Command::Convert(args) => convert::run(&args, console),
        Command::Judge(args) => judge::run(&args, console),
        Command::Serve(args) => serve::run(&args, console),
        Command::Mine(args) => mine::run(&args, console),
        Command::Status(args) => status::run(&args, console),
        Command::Rehearse(args) => rehearse::run(&args, console),
        Command::Models(args) => models::run(&args, console),
    }
}
