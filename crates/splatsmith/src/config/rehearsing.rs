//! What `rehearse` works with.

use std::path::PathBuf;

use super::{GenerationConfig, LimitConfig, Problems, Setting};
use crate::args::RehearseArgs;

/// More validators than a subnet has UIDs cannot be rehearsed.
const MOST_VALIDATORS: u16 = 256;

/// Clock rules faster than this are shorter than a request takes; a metagraph allows no more.
const FASTEST: f64 = 1000.0;

/// What a rehearsal answers when nobody says otherwise.
const DEFAULT_TASKS: u32 = 24;

/// A checked `rehearse`.
#[derive(Debug, Clone)]
pub(crate) struct RehearseConfig {
    /// How many validators, 1 to 256.
    pub(crate) validators: u16,
    /// How many times faster their clock rules run, 1 to 1,000.
    pub(crate) speed: f64,
    /// Decides prompts and faults.
    pub(crate) seed: u64,
    /// Whether the network misbehaves.
    pub(crate) faults: bool,
    /// Whether the mining is left to another process.
    pub(crate) validators_only: bool,
    /// Where to write the metagraph.
    pub(crate) metagraph_out: Option<PathBuf>,
    /// Where pictures and the report are left.
    pub(crate) out: PathBuf,
    /// The generators.
    pub(crate) generation: GenerationConfig,
    /// When to stop; at least one limit is set, unless only validators run.
    pub(crate) limits: LimitConfig,
}

impl RehearseConfig {
    /// Checks what was typed.
    ///
    /// # Errors
    /// Every problem, with its remedy.
    pub(crate) fn check(args: &RehearseArgs) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        if !(1..=MOST_VALIDATORS).contains(&args.validators) {
            problems.add(
                format!("--validators {}: out of range", args.validators),
                format!("give 1 to {MOST_VALIDATORS}"),
            );
        }
        if !(1.0..=FASTEST).contains(&args.speed) {
            problems.add(
                format!("--speed {}: out of range", args.speed),
                format!("give 1 (real time) to {FASTEST}"),
            );
        }
        if args.validators_only && args.metagraph_out.is_none() {
            problems.add(
                "--validators-only: nobody would know where they are",
                "give --metagraph-out FILE too",
            );
        }
        let mut limits = LimitConfig::check(&args.limits, &mut problems);
        if !args.validators_only && limits.duration.is_none() {
            limits.tasks = limits.tasks.or(Some(DEFAULT_TASKS));
        }
        let config = Self {
            validators: args.validators,
            speed: args.speed,
            seed: args.seed,
            faults: args.faults,
            validators_only: args.validators_only,
            metagraph_out: args.metagraph_out.clone(),
            out: args.out.clone(),
            generation: GenerationConfig::check(&args.generation, &mut problems),
            limits,
        };
        problems.or(Some(config))
    }

    /// For the log.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let mut settings = vec![
            ("validators", self.validators.to_string()),
            ("speed", self.speed.to_string()),
            ("seed", self.seed.to_string()),
            ("faults", self.faults.to_string()),
            ("out", self.out.display().to_string()),
        ];
        settings.extend(self.generation.settings());
        settings.extend(self.limits.settings());
        settings
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn check(arguments: &[&str]) -> Result<RehearseConfig, Problems> {
        let all = ["splatsmith", "rehearse"].iter().chain(arguments);
        match Cli::try_parse_from(all).expect("parses").command {
            Command::Rehearse(args) => RehearseConfig::check(&args),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ends_by_itself_unless_told_otherwise() {
        let config = check(&[]).expect("usable");
        assert_eq!(config.limits.tasks, Some(24));
        let config = check(&["--for=60s"]).expect("usable");
        assert_eq!(config.limits.tasks, None);
        let config = check(&["--for=60s", "--tasks=3"]).expect("usable");
        assert_eq!(config.limits.tasks, Some(3));
    }

    #[test]
    fn finds_every_problem_at_once() {
        let problems = check(&[
            "--validators=0",
            "--speed=NaN",
            "--validators-only",
            "--backend=moon",
        ]);
        assert_eq!(problems.expect_err("unusable").iter().count(), 4);
    }
}
