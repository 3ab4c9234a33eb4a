//! What mining needs to know, and whom it mines with.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bittensor::{Metagraph, PublicKey};
use generate::MOST_CANDIDATES;
use splat::{Container, OutputProfile};
use subnet17::{OWNER_HOTKEY, Rules};
use tokio::sync::watch;

use crate::error::MinerError;
use crate::gateway_config::GatewayConfig;

/// When mining ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Only when told to.
    Never,
    /// After this time no further task is pulled; those in hand are finished.
    For(Duration),
    /// After this many answers.
    Tasks(u64),
}

/// Validators never to pull from, by uid or by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blacklist {
    /// By number on the subnet.
    pub uids: BTreeSet<u16>,
    /// By key, which stays when a number is given to somebody else.
    pub hotkeys: BTreeSet<PublicKey>,
}

impl Default for Blacklist {
    /// UID 180, which miners report to hand out tasks and never accept an answer
    /// (subnet 17's FAQ, "wasted compute").
    fn default() -> Self {
        Self {
            uids: BTreeSet::from([180]),
            hotkeys: BTreeSet::new(),
        }
    }
}

/// Everything [`run`](crate::run) needs beside keys and generators.
#[derive(Debug, Clone)]
pub struct MinerConfig {
    /// The neurons of the subnet at the start.
    pub metagraph: Metagraph,
    /// The neurons as the chain has them later; `None` for a list that stays as it is.
    pub updates: Option<watch::Receiver<Arc<Metagraph>>>,
    /// A gateway to work for, beside the validators of the metagraph or without any.
    pub gateway: Option<GatewayConfig>,
    /// The validators' rules, at the speed of their clock.
    pub rules: Rules,
    /// Where ledgers, locks and assets live; each hotkey gets a folder in it.
    pub data_dir: PathBuf,
    /// Whether this is a test network. There loopback addresses, rehearsal backends and mining
    /// unjudged are allowed.
    pub test_network: bool,
    /// Allows validators at loopback and private addresses on a live network.
    pub allow_private_validators: bool,
    /// Allows backends that are for rehearsals only on a live network.
    pub allow_rehearsal_backend: bool,
    /// Allows mining without a judge on a live network.
    pub allow_unjudged: bool,
    /// Whom never to pull from.
    pub blacklist: Blacklist,
    /// The stake from which a neuron counts as a validator. The official miner's selector has 1000
    /// (three-gen-subnet `miner/validator_selector.py`).
    pub min_stake: f64,
    /// The subnet owner's validator: asked as often as it allows, before others and whatever its
    /// stake.
    pub owner: Option<PublicKey>,
    /// The frame, extent and container the validators want.
    pub profile: OutputProfile,
    /// How many candidates to make per task while time allows, from 1 to [`MOST_CANDIDATES`]; `None` for as
    /// many as the prompt's category is made with.
    pub candidates: Option<u32>,
    /// When to end.
    pub limit: Limit,
    /// Time for a pull, connection included. The official miner has 12 s (`miner/workers.py:18`).
    pub pull_timeout: Duration,
    /// Time for a submission; validation is part of it. The official miner has 300 s
    /// (`miner/workers.py:19`), as validators have at most.
    pub submit_timeout: Duration,
    /// After this a generator counts as hung.
    pub generation_timeout: Duration,
    /// How long a generator rests after a failure; doubled by each further one, up to 60 times this.
    pub generator_rest: Duration,
    /// How long tasks in hand may take at the end of a limited run.
    pub drain_timeout: Duration,
    /// How long a validator that leaves, or moves to another address, is served with what is in hand
    /// for it; after that it stays in the ledger.
    pub leave_timeout: Duration,
    /// How long an asset is kept after its answer.
    pub keep_assets: Duration,
}

impl MinerConfig {
    /// The defaults for the validators of `metagraph`, whose clock rules its `speed` scales.
    #[must_use]
    pub fn new(metagraph: Metagraph, data_dir: PathBuf) -> Self {
        let speed = metagraph.speed;
        Self {
            rules: Rules::PULL_2025.sped_up(speed),
            metagraph,
            updates: None,
            gateway: None,
            data_dir,
            test_network: false,
            allow_private_validators: false,
            allow_rehearsal_backend: false,
            allow_unjudged: false,
            blacklist: Blacklist::default(),
            min_stake: 1000.0,
            owner: OWNER_HOTKEY.parse().ok(),
            profile: OutputProfile::PULL_2025,
            candidates: None,
            limit: Limit::Never,
            pull_timeout: Duration::from_secs(12),
            // A little more than a validator has in a rehearsal, so that its word arrives.
            submit_timeout: sped_up(300.0, speed, 40.0),
            generation_timeout: Duration::from_secs(600),
            generator_rest: Duration::from_secs(1),
            drain_timeout: Duration::from_secs(60),
            leave_timeout: Duration::from_secs(120),
            keep_assets: Duration::from_secs(3600),
        }
    }

    /// Checks the whole configuration.
    ///
    /// # Errors
    /// [`MinerError::Config`] with every problem and its remedy.
    pub fn validate(&self) -> Result<(), MinerError> {
        let mut problems = Vec::new();
        let mut require = |holds: bool, problem: &str| {
            if !holds {
                problems.push(problem.to_owned());
            }
        };
        let most = 1..=MOST_CANDIDATES;
        require(
            self.candidates.is_none_or(|count| most.contains(&count)),
            &format!("candidates: must be from 1 to {MOST_CANDIDATES}"),
        );
        require(
            self.min_stake.is_finite() && self.min_stake >= 0.0,
            "minimum stake: must be a number from 0",
        );
        require(
            self.profile.container == Container::Spz,
            "profile: validators take SPZ only (such as pull-2025)",
        );
        for (name, timeout) in [
            ("pull timeout: must be above 0", self.pull_timeout),
            ("submit timeout: must be above 0", self.submit_timeout),
            (
                "generation timeout: must be above 0",
                self.generation_timeout,
            ),
        ] {
            require(!timeout.is_zero(), name);
        }
        if let Some(gateway) = &self.gateway {
            require(
                !gateway.poll.is_zero() && !gateway.task_lifetime.is_zero(),
                "gateway: its poll and task lifetime must be above 0",
            );
            require(
                !gateway.models.is_empty(),
                "gateway: at least one model to work with is needed",
            );
        }
        require(
            self.limit != Limit::Tasks(0),
            "tasks: must be at least 1 (leave it out to mine until stopped)",
        );
        if problems.is_empty() {
            Ok(())
        } else {
            Err(MinerError::Config(problems))
        }
    }
}

/// `seconds` at `speed`, but no less than `least` seconds: work and networks do not speed up.
fn sped_up(seconds: f64, speed: f64, least: f64) -> Duration {
    let scaled = if speed.is_finite() && speed > 0.0 {
        seconds / speed
    } else {
        seconds
    };
    Duration::try_from_secs_f64(scaled.clamp(least, seconds.max(least)))
        .unwrap_or(Duration::from_secs(300))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> MinerConfig {
        let metagraph = Metagraph {
            netuid: 17,
            neurons: Vec::new(),
            speed: 20.0,
        };
        MinerConfig::new(metagraph, PathBuf::from("unused"))
    }

    #[test]
    fn rules_and_timeouts_follow_the_networks_speed() {
        let config = config();
        assert_eq!(config.rules.cooldown, Duration::from_secs(15));
        assert_eq!(config.submit_timeout, Duration::from_secs(40));
        assert!(config.submit_timeout > config.rules.longest_validation);
        assert_eq!(config.pull_timeout, Duration::from_secs(12));
    }

    #[test]
    fn all_problems_are_named_at_once() {
        let mut config = config();
        config.candidates = Some(0);
        config.min_stake = f64::NAN;
        config.pull_timeout = Duration::ZERO;
        config.limit = Limit::Tasks(0);
        let MinerError::Config(problems) = config.validate().unwrap_err() else {
            panic!("another error");
        };
        assert_eq!(problems.len(), 4, "{problems:?}");
    }
}
