//! The network as a whole.

use std::net::Ipv4Addr;
use std::sync::Arc;

use bittensor::{Keypair, Metagraph, Neuron, PublicKey};
use blake2::{Blake2b, Digest as _, digest::consts::U32};
use subnet17::Rules;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::books::Unanswered;
use crate::config::{RehearsalConfig, RehearsalError};
use crate::host::host;
use crate::registration::Registration;
use crate::report::{Report, ScoreBasis, ValidatorReport};
use crate::scorer::Scorer;
use crate::studio;
use crate::tasks::{Prompts, TaskStream};
use crate::validator::{Surroundings, Validator};

/// The subnet rehearsed.
const NETUID: u16 = 17;
/// Stake of the first validator; each next has a little less, all have enough.
const STAKE: f64 = 50_000.0;

/// A network that is up. Dropping it takes it down.
pub struct Rehearsal {
    validators: Vec<Arc<Validator>>,
    metagraph: Metagraph,
    rules: Rules,
    registration: Arc<Registration>,
    answered: watch::Receiver<u64>,
    hosts: TaskTracker,
    shutdown: DropGuard,
}

impl Rehearsal {
    /// Brings the network up; from here on every port answers, or fails by plan.
    ///
    /// # Errors
    /// When the configuration is out of range or no port can be had.
    pub async fn start(config: RehearsalConfig) -> Result<Self, RehearsalError> {
        config.check()?;
        let rules = config.effective_rules();
        let seed = config.seed;
        let pictures = tokio::task::spawn_blocking(move || studio::photograph(seed))
            .await
            .map_err(|error| RehearsalError::Studio(error.to_string()))??;
        let prompts = Arc::new(Prompts::new(seed, &pictures));
        let (count, answered) = watch::channel(0);
        let registration = Arc::new(Registration::new(config.miners));
        let surroundings = Surroundings {
            rules,
            registration: Arc::clone(&registration),
            scorer: Arc::new(Scorer::new(config.judge, rules.longest_validation)),
            answered: count,
            scored: config.scored,
        };
        let (hosts, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let mut validators = Vec::new();
        let mut neurons = Vec::new();
        for uid in 0..config.validators {
            let tasks = TaskStream::new(Arc::clone(&prompts), uid);
            let validator = Validator::new(uid, keypair(seed, uid), tasks, surroundings.clone());
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            neurons.push(neuron(&validator, port.local_addr()?.port()));
            let (speed, until) = (config.speed, shutdown.clone());
            hosts.spawn(host(
                Arc::clone(&validator),
                port,
                config.faults,
                speed,
                until,
            ));
            validators.push(validator);
        }
        hosts.close();
        Ok(Self {
            validators,
            metagraph: Metagraph {
                netuid: NETUID,
                neurons,
                speed: config.speed,
            },
            rules,
            registration,
            answered,
            hosts,
            shutdown: shutdown.drop_guard(),
        })
    }

    /// Where the validators are, for a miner; says how fast their clocks run.
    #[must_use]
    pub fn metagraph(&self) -> &Metagraph {
        &self.metagraph
    }

    /// The rules as these validators keep them, sped up.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Registers one more miner; nothing to do where everybody is registered.
    pub fn register(&self, miner: PublicKey) {
        self.registration.admit(miner);
    }

    /// Tasks answered so far, all validators together, in whichever way they were answered.
    #[must_use]
    pub fn answered(&self) -> watch::Receiver<u64> {
        self.answered.clone()
    }

    /// Waits until at least `count` tasks have been answered.
    pub async fn wait_for(&self, count: u64) {
        let mut answered = self.answered.clone();
        // The channel outlives the wait: the validators that feed it are ours.
        let _ = answered.wait_for(|&so_far| so_far >= count).await;
    }

    /// Tasks that reached a miner and have not been answered.
    #[must_use]
    pub fn unanswered(&self) -> Vec<Unanswered> {
        self.validators
            .iter()
            .flat_map(|validator| validator.unanswered())
            .collect()
    }

    /// The books as they stand, every unanswered task counted as lost: for a miner that has ended
    /// with nothing in hand.
    #[must_use]
    pub fn report(&self) -> Report {
        self.report_holding(|_| false)
    }

    /// The books as they stand. `held` says of a task id whether its miner still has it in hand: such
    /// a task is not lost.
    #[must_use]
    pub fn report_holding(&self, held: impl Fn(&str) -> bool) -> Report {
        let lines = self
            .validators
            .iter()
            .map(|validator| ValidatorReport {
                uid: validator.uid(),
                hotkey: validator.hotkey().to_string(),
                tally: validator.tally(&held),
            })
            .collect();
        let basis = self
            .validators
            .iter()
            .find_map(|validator| validator.basis())
            .unwrap_or(ScoreBasis::GatesAndViewConsistency);
        Report::new(lines, basis, self.metagraph.speed)
    }

    /// Takes every port down and waits until all is still; the books stay readable.
    pub async fn shutdown(&mut self) {
        let running = std::mem::replace(&mut self.shutdown, CancellationToken::new().drop_guard());
        drop(running);
        self.hosts.wait().await;
    }
}

fn neuron(validator: &Validator, port: u16) -> Neuron {
    Neuron {
        uid: validator.uid(),
        hotkey: validator.hotkey(),
        ip: Ipv4Addr::LOCALHOST.into(),
        port,
        stake: STAKE - 100.0 * f64::from(validator.uid()),
        validator_permit: true,
        is_serving: true,
    }
}

/// A key that follows from the seed. It guards nothing.
fn keypair(seed: u64, uid: u16) -> Keypair {
    let mut hasher = Blake2b::<U32>::new();
    hasher.update(b"splatsmith rehearsal validator");
    hasher.update(seed.to_le_bytes());
    hasher.update(uid.to_le_bytes());
    Keypair::from_seed(hasher.finalize().into())
}
