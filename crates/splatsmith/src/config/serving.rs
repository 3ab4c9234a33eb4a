//! What `serve` works with.

use std::net::SocketAddr;
use std::time::Duration;

use ::serve::{Access, ApiKey};

use super::{GenerationConfig, Problems, Setting, duration};
use crate::args::ServeArgs;

/// Shorter keys can be guessed.
const SHORTEST_KEY: usize = 16;

/// A checked `serve`.
#[derive(Debug, Clone)]
pub(crate) struct ServingConfig {
    /// Where to listen.
    pub(crate) address: SocketAddr,
    /// Who may ask.
    pub(crate) access: Access,
    /// Requests that may wait.
    pub(crate) queue: usize,
    /// After this time no further candidate is begun.
    pub(crate) budget: Option<Duration>,
    /// The generators.
    pub(crate) generation: GenerationConfig,
}

impl ServingConfig {
    /// Checks what was typed.
    ///
    /// # Errors
    /// Every problem, with its remedy.
    pub(crate) fn check(args: &ServeArgs) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        if !(0.0..=1.0).contains(&args.validation_threshold) {
            problems.add(
                format!(
                    "--validation-threshold {}: out of range",
                    args.validation_threshold
                ),
                "give 0 to 1",
            );
        }
        let budget = args.budget.as_deref();
        let budget = budget.and_then(|text| duration("--budget", text, &mut problems));
        let access = access(args, &mut problems);
        let mut generation = GenerationConfig::check(&args.generation, &mut problems);
        generation.judging.rules.score_threshold = args.validation_threshold;
        problems.or(Some(Self {
            address: SocketAddr::new(args.host, args.port),
            access,
            queue: args.queue.into(),
            budget,
            generation,
        }))
    }

    /// For the log.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let access = match self.access {
            Access::Everybody => "everybody",
            Access::Key(_) => "by key",
        };
        let mut settings = vec![
            ("address", self.address.to_string()),
            ("access", access.to_owned()),
            ("queue", self.queue.to_string()),
            (
                "validation-threshold",
                self.generation.judging.rules.score_threshold.to_string(),
            ),
        ];
        settings.extend(self.generation.settings());
        settings
    }
}

fn access(args: &ServeArgs, problems: &mut Problems) -> Access {
    match args.api_key.as_deref() {
        Some(_) if args.no_auth => {
            problems.add("--no-auth: --api-key is given too", "give one of the two");
        }
        Some(key) if key.len() < SHORTEST_KEY => problems.add(
            format!("--api-key: shorter than {SHORTEST_KEY} characters"),
            "make one with `openssl rand -hex 32`",
        ),
        Some(key) => return Access::Key(ApiKey::new(key)),
        None if !args.no_auth && !args.host.is_loopback() => problems.add(
            format!("--host {}: other machines can reach it", args.host),
            "ask for a key with --api-key, or allow everybody with --no-auth",
        ),
        None => {}
    }
    Access::Everybody
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        args: ServeArgs,
    }

    fn check(typed: &[&str]) -> Result<ServingConfig, Problems> {
        let typed = Typed::parse_from([&["serve"], typed].concat());
        ServingConfig::check(&typed.args)
    }

    #[test]
    fn other_machines_need_a_key_or_a_word() {
        let access = |typed: &[&str]| check(typed).map(|config| config.access);
        let key = "0123456789abcdef";
        assert_eq!(access(&[]), Ok(Access::Everybody));
        assert!(access(&["--host=0.0.0.0"]).is_err());
        assert_eq!(
            access(&["--host=0.0.0.0", "--no-auth"]),
            Ok(Access::Everybody)
        );
        let by_key = Ok(Access::Key(ApiKey::new(key)));
        assert_eq!(access(&["--host=::", "--api-key", key]), by_key);
        assert_eq!(access(&["--api-key", key]), by_key);
        assert!(access(&["--api-key", "short"]).is_err());
        assert!(access(&["--api-key", key, "--no-auth"]).is_err());
    }

    #[test]
    fn a_key_is_not_shown() {
        let config = check(&["--api-key", "0123456789abcdef"]).expect("usable");
        assert!(!format!("{config:?} {:?}", config.settings()).contains("0123456789abcdef"));
    }

    #[test]
    fn finds_every_problem_at_once() {
        let typed = [
            "--host=0.0.0.0",
            "--validation-threshold=2",
            "--budget=soon",
            "--candidates=0",
        ];
        let problems = check(&typed).expect_err("unusable");
        assert_eq!(problems.iter().count(), 4, "{problems:?}");
    }
}
