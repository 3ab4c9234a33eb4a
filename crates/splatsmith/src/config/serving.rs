//! What `serve` works with.

use std::net::SocketAddr;
use std::time::Duration;

use ::serve::{Access, ApiKey, BatchConfig, JobLimits, ServeConfig};
use bittensor::AddressPolicy;
use splat::Container;

use super::{GenerationConfig, Problems, Setting, container_named, duration};
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
    /// How long the end may take.
    pub(crate) drain: Duration,
    /// Bytes that may wait for slow readers.
    pub(crate) unsent: usize,
    /// What is kept of jobs.
    pub(crate) jobs: JobLimits,
    /// What batches are answered with.
    pub(crate) batch_format: Container,
    /// Where their images may be.
    pub(crate) images: AddressPolicy,
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
        let drain = duration("--drain", &args.drain, &mut problems);
        let age = duration("--jobs.keep", &args.job_keep, &mut problems);
        let batch_format = container_named("--batch.format", &args.batch_format, &mut problems);
        if args.unsent == 0 || args.job_memory == 0 {
            problems.add(
                "--unsent, --jobs.memory: 0 megabytes",
                "give at least as many as one asset has, such as 64",
            );
        }
        let mut generation = GenerationConfig::check(&args.generation, &mut problems);
        generation.judging.rules.score_threshold = args.validation_threshold;
        problems.or(Some(Self {
            address: SocketAddr::new(args.host, args.port),
            access,
            queue: args.queue.into(),
            budget,
            drain: drain.unwrap_or_default(),
            unsent: bytes(args.unsent),
            jobs: JobLimits {
                count: args.job_count.into(),
                bytes: bytes(args.job_memory),
                age: age.unwrap_or_default(),
            },
            batch_format: batch_format.unwrap_or(Container::Ply),
            images: AddressPolicy {
                allow_private: args.private_images,
            },
            generation,
        }))
    }

    /// What the server is run with.
    pub(crate) fn server(&self) -> ServeConfig {
        ServeConfig {
            address: self.address,
            access: self.access.clone(),
            candidates: self.generation.candidates,
            most_candidates: self.generation.most_candidates(),
            budget: self.budget,
            waiting: self.queue,
            most_unsent: self.unsent,
            jobs: self.jobs,
            batch: BatchConfig {
                container: self.batch_format,
                images: self.images,
                anchors: self.generation.authorities.anchors.clone(),
            },
            drain: self.drain,
        }
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
            ("drain", humantime::format_duration(self.drain).to_string()),
            ("batch.format", self.batch_format.to_string()),
            (
                "validation-threshold",
                self.generation.judging.rules.score_threshold.to_string(),
            ),
        ];
        settings.extend(self.generation.settings());
        settings
    }
}

fn bytes(megabytes: u32) -> usize {
    usize::try_from(u64::from(megabytes) << 20).unwrap_or(usize::MAX)
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
    fn what_is_typed_is_what_the_server_gets() {
        let typed = [
            "--drain=5s",
            "--unsent=64",
            "--jobs.count=3",
            "--jobs.memory=100",
            "--jobs.keep=2m",
            "--batch.format=spz",
            "--batch.allow-private-images",
            "--queue=2",
        ];
        let server = check(&typed).expect("usable").server();
        assert_eq!(server.drain, Duration::from_secs(5));
        assert_eq!(server.most_unsent, 64 << 20);
        assert_eq!(
            server.jobs,
            JobLimits {
                count: 3,
                bytes: 100 << 20,
                age: Duration::from_secs(120),
            }
        );
        assert_eq!(server.batch.container, Container::Spz);
        assert!(server.batch.images.allow_private);
        assert_eq!(server.waiting, 2);
        let usual = check(&[]).expect("usable").server();
        assert_eq!(usual.jobs, JobLimits::default());
        assert_eq!(usual.batch.container, Container::Ply);
        assert!(!usual.batch.images.allow_private);
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
            "--drain=0",
            "--jobs.keep=long",
            "--jobs.memory=0",
            "--batch.format=glb",
        ];
        let problems = check(&typed).expect_err("unusable");
        assert_eq!(problems.iter().count(), 8, "{problems:?}");
    }
}
