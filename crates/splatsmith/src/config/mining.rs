//! What `mine` works with.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{
    GenerationConfig, LimitConfig, NetworkConfig, Problems, Setting, SourceConfig, WalletConfig,
    duration,
};
use crate::args::MineArgs;

/// A checked `mine`.
#[derive(Debug, Clone)]
pub(crate) struct MineConfig {
    /// Whose hotkey signs.
    pub(crate) wallet: WalletConfig,
    /// Who hands out tasks.
    pub(crate) source: SourceConfig,
    /// The subnet.
    pub(crate) netuid: u16,
    /// The chain.
    pub(crate) network: NetworkConfig,
    /// A list of validators that stays as it is; `None` where the chain has them, or none are pulled
    /// from.
    pub(crate) metagraph: Option<PathBuf>,
    /// How often the chain is read.
    pub(crate) refresh: Duration,
    /// How long a first start waits for the chain.
    pub(crate) wait: Duration,
    /// UIDs never pulled from.
    pub(crate) blacklist: Vec<u16>,
    /// Least stake of a validator worth pulling from.
    pub(crate) min_stake: f64,
    /// What is allowed on a live network that usually is not.
    pub(crate) allowed: Allowed,
    /// Where the ledger lives.
    pub(crate) data_dir: PathBuf,
    /// The generators.
    pub(crate) generation: GenerationConfig,
    /// When to stop.
    pub(crate) limits: LimitConfig,
}

/// What has to be allowed in so many words.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Allowed {
    /// Validators at loopback and private addresses.
    pub(crate) private_validators: bool,
    /// Backends for rehearsals.
    pub(crate) rehearsal_backend: bool,
    /// Answers that nobody judged.
    pub(crate) unjudged: bool,
}

impl Allowed {
    /// Only what is allowed: nothing is, usually.
    fn settings(self) -> impl Iterator<Item = Setting> {
        let all = [
            ("allow-private-validators", self.private_validators),
            ("allow-rehearsal-backend", self.rehearsal_backend),
            ("allow-unjudged", self.unjudged),
        ];
        let given = all.into_iter().filter(|(_, is_allowed)| *is_allowed);
        given.map(|(name, _)| (name, "yes".to_owned()))
    }
}

impl MineConfig {
    /// Checks what was typed.
    ///
    /// # Errors
    /// Every problem, with its remedy.
    pub(crate) fn check(args: &MineArgs) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let network = NetworkConfig::check(&args.network, &mut problems);
        let source = SourceConfig::check(&args.source, &mut problems);
        let metagraph = args.network.metagraph.clone().filter(|_| source.validators);
        let refresh = duration("--subtensor.refresh", &args.refresh, &mut problems);
        let wait = duration("--subtensor.wait", &args.wait, &mut problems);
        let wallet = WalletConfig::check(&args.wallet, &mut problems);
        if !(args.min_stake >= 0.0 && args.min_stake.is_finite()) {
            problems.add(
                format!("--min-stake {}: not a stake", args.min_stake),
                "give zero or more",
            );
        }
        let data_dir = data_dir(args.data_dir.as_deref(), &mut problems);
        let generation = GenerationConfig::check(&args.generation, &mut problems);
        let limits = LimitConfig::check(&args.limits, &mut problems);
        let (Some(network), Some(refresh), Some(wait), Some(data_dir)) =
            (network, refresh, wait, data_dir)
        else {
            return problems.or(None);
        };
        problems.or(Some(Self {
            wallet,
            source,
            netuid: args.network.netuid,
            network,
            metagraph,
            refresh,
            wait,
            allowed: Allowed {
                private_validators: args.allow_private_validators,
                rehearsal_backend: args.allow_rehearsal_backend,
                unjudged: args.allow_unjudged,
            },
            blacklist: args.blacklist.clone(),
            min_stake: args.min_stake,
            data_dir,
            generation,
            limits,
        }))
    }

    /// For the log.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let blacklist: Vec<String> = self.blacklist.iter().map(u16::to_string).collect();
        let mut settings = self.wallet.settings();
        settings.push(("netuid", self.netuid.to_string()));
        settings.extend(self.network.settings());
        let metagraph = self.metagraph.as_ref();
        settings.extend([
            (
                "metagraph",
                metagraph.map_or_else(String::new, |path| path.display().to_string()),
            ),
            ("blacklist", blacklist.join(",")),
            ("min-stake", self.min_stake.to_string()),
            ("data-dir", self.data_dir.display().to_string()),
        ]);
        if metagraph.is_none() && self.source.validators {
            let refresh = humantime::format_duration(self.refresh);
            settings.push(("subtensor.refresh", refresh.to_string()));
        }
        settings.extend(self.allowed.settings());
        settings.extend(self.source.settings());
        settings.extend(self.generation.settings());
        settings.extend(self.limits.settings());
        settings
    }
}

fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| !home.as_os_str().is_empty())
}

/// Where the ledger lives: `chosen`, or the usual place.
pub(crate) fn data_dir(chosen: Option<&Path>, problems: &mut Problems) -> Option<PathBuf> {
    let folder = chosen.map(Path::to_owned).or_else(default_data_dir);
    if folder.is_none() {
        problems.add(
            "no place for the ledger: neither XDG_DATA_HOME nor HOME is set",
            "name a folder with --data-dir",
        );
    }
    folder
}

/// `$XDG_DATA_HOME/splatsmith`, else `~/.local/share/splatsmith` (XDG base directories: a relative
/// XDG_DATA_HOME is ignored).
fn default_data_dir() -> Option<PathBuf> {
    std::env::var_os("XDG_DATA_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| home().map(|home| home.join(".local").join("share")))
        .map(|data| data.join("splatsmith"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn typed(arguments: &[&str]) -> MineArgs {
        let all = ["splatsmith", "mine"].iter().chain(arguments);
        match Cli::try_parse_from(all).expect("parses").command {
            Command::Mine(args) => *args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_problem_comes_at_once() {
        let args = typed(&[
            "--wallet.name=../else",
            "--subtensor.network=moon",
            "--candidates=0",
            "--for=soon",
            "--tasks=0",
        ]);
        let problems = MineConfig::check(&args).expect_err("unusable");
        assert_eq!(problems.iter().count(), 5, "{problems:?}");
    }

    #[test]
    fn the_field_s_defaults() {
        let config =
            MineConfig::check(&typed(&["--metagraph=m.json", "--data-dir=d"])).expect("usable");
        assert_eq!(config.netuid, 17);
        assert_eq!(config.blacklist, [180]);
        assert_eq!(config.min_stake, 1000.0);
        assert!(config.generation.validate);
    }
}
