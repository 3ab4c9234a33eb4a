//! Who hands out tasks.

use miner::{GatewayConfig, GatewayError};

use super::{Authorities, Problems, Setting, duration};
use crate::args::SourceArgs;

/// A model's name longer than this is none.
const LONGEST_MODEL: usize = 64;

/// Checked sources of tasks.
#[derive(Debug, Clone)]
pub(crate) struct SourceConfig {
    /// Whether validators are pulled from.
    pub(crate) validators: bool,
    /// The gateway to work for.
    pub(crate) gateway: Option<GatewayConfig>,
    /// Whom to trust where that is https.
    authorities: Authorities,
}

impl SourceConfig {
    /// Checks what was typed.
    pub(crate) fn check(args: &SourceArgs, problems: &mut Problems) -> Self {
        let (mut validators, mut gateway) = (false, false);
        for source in &args.source {
            match source.as_str() {
                "validators" => validators = true,
                "gateway" => gateway = true,
                other => problems.add(
                    format!("--source {other}: no such source"),
                    "give validators, gateway or both",
                ),
            }
        }
        let address = match (gateway, &args.url) {
            (true, Some(url)) => Some(url),
            (true, None) => {
                problems.add(
                    "--gateway.url is missing: --source gateway needs to know which",
                    "give the gateway's address",
                );
                None
            }
            (false, Some(_)) => {
                problems.add(
                    "--gateway.url: no gateway is worked for",
                    "add --source gateway (or --source validators,gateway for both)",
                );
                None
            }
            (false, None) => None,
        };
        let authorities = Authorities::check("--gateway.ca", args.ca.as_deref(), problems);
        let mut gateway = address.and_then(|url| worker(args, url, problems));
        if let Some(gateway) = &mut gateway {
            gateway.anchors = authorities.anchors.clone();
        }
        Self {
            validators,
            gateway,
            authorities,
        }
    }

    /// For the log.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let mut sources = Vec::new();
        if self.validators {
            sources.push("validators");
        }
        if self.gateway.is_some() {
            sources.push("gateway");
        }
        let mut settings = vec![("source", sources.join(","))];
        if let Some(gateway) = &self.gateway {
            let poll = humantime::format_duration(gateway.poll).to_string();
            settings.extend([
                ("gateway.url", gateway.address().to_owned()),
                ("gateway.ca", self.authorities.shown()),
                ("gateway.worker-id", gateway.worker_id.clone()),
                ("gateway.worker-tags", gateway.worker_tags.join(",")),
                ("gateway.model", gateway.models.join(",")),
                ("gateway.poll", poll),
            ]);
        }
        settings
    }
}

/// The gateway at `url`, and who we are there.
fn worker(args: &SourceArgs, url: &str, problems: &mut Problems) -> Option<GatewayConfig> {
    let poll = duration("--gateway.poll", &args.poll, problems);
    let is_model = !args.model.is_empty()
        && args.model.len() <= LONGEST_MODEL
        && args.model.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_model {
        problems.add(
            format!("--gateway.model {:?}: not a model's name", args.model),
            "leave it out for 404-3dgs",
        );
    }
    let made = GatewayConfig::new(url)
        .and_then(|config| config.with_worker_id(&args.worker_id))
        .and_then(|config| config.with_worker_tags(&args.worker_tags));
    match made {
        Ok(mut config) => {
            config.models = vec![args.model.clone()];
            config.poll = poll?;
            Some(config)
        }
        Err(error) => {
            // The address may hold a password: it is not repeated.
            let (flag, remedy) = match &error {
                GatewayError::Worker(_) => ("--gateway.worker-id", "give one plain word"),
                GatewayError::Tag(..) => ("--gateway.worker-tags", "give tags such as gpu-1"),
                _ => (
                    "--gateway.url",
                    "give an address such as https://gateway.example",
                ),
            };
            problems.add(format!("{flag}: {error}"), remedy);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn check(arguments: &[&str]) -> (SourceConfig, Problems) {
        let all = ["splatsmith", "mine"].iter().chain(arguments);
        let Command::Mine(args) = Cli::try_parse_from(all).expect("parses").command else {
            panic!("not mine");
        };
        let mut problems = Problems::default();
        let config = SourceConfig::check(&args.source, &mut problems);
        (config, problems)
    }

    #[test]
    fn validators_unless_told_otherwise() {
        let (config, problems) = check(&[]);
        assert!(config.validators && config.gateway.is_none());
        assert_eq!(problems.iter().count(), 0);
    }

    #[test]
    fn a_gateway_alone_or_beside_validators() {
        let url = "--gateway.url=https://gateway.example/";
        let (config, problems) = check(&["--source=gateway", url, "--gateway.poll=5s"]);
        assert_eq!(problems.iter().count(), 0, "{problems:?}");
        assert!(!config.validators);
        let gateway = config.gateway.expect("a gateway");
        assert_eq!(gateway.address(), "https://gateway.example");
        assert_eq!(gateway.poll, Duration::from_secs(5));
        assert_eq!(gateway.models, ["404-3dgs"]);
        let (config, _) = check(&["--source=validators,gateway", url]);
        assert!(config.validators && config.gateway.is_some());
    }

    #[test]
    fn what_does_not_fit_together_is_a_problem_and_no_password_is_shown() {
        for arguments in [
            &["--source=moon"][..],
            &["--source=gateway"],
            &["--gateway.url=https://gateway.example"],
            &["--source=gateway", "--gateway.url=ws://gateway.example"],
            &[
                "--source=gateway",
                "--gateway.url=https://me:hunter2@gateway.example",
            ],
            &[
                "--source=gateway",
                "--gateway.url=https://g.example",
                "--gateway.worker-tags=a b",
            ],
            &[
                "--source=gateway",
                "--gateway.url=https://g.example",
                "--gateway.worker-id=",
            ],
            &[
                "--source=gateway",
                "--gateway.url=https://g.example",
                "--gateway.model=",
            ],
            &[
                "--source=gateway",
                "--gateway.url=https://g.example",
                "--gateway.poll=0s",
            ],
        ] {
            let (_, problems) = check(arguments);
            assert_eq!(problems.iter().count(), 1, "{arguments:?}: {problems:?}");
            assert!(!format!("{problems:?}").contains("hunter2"));
        }
    }
}
