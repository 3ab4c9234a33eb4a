//! `splatsmith mine --check`: what there is to mine with, and what would stop it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use ::generate::{Health, HttpBackend};
use ::miner::{EventSender, Ignored, Roster, obstacles};
use anyhow::Result;
use bittensor::{Neuron, PublicKey};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use tokio::net::TcpStream;

use super::mine::miner_config;
use super::subnet::{self, Origin};
use super::{generators, hotkey, judges, native};
use crate::config::{Backend, GenerationConfig, MineConfig};
use crate::ui::{Console, check_page};
use crate::{Failure, Outcome, in_words};

/// How long a validator, a gateway or a generator has to show that it is there.
const TIMEOUT: Duration = Duration::from_secs(4);

/// How many are tried at once.
const AT_ONCE: usize = 32;

/// What there is to say of sketch.
const SKETCH: &str = "is built in, for rehearsals only";

/// Everything on the page.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Whether nothing would stop mining.
    pub(crate) ok: bool,
    /// The wallet's name.
    pub(crate) wallet: String,
    /// The hotkey's name in it.
    pub(crate) hotkey: String,
    /// Its file.
    pub(crate) hotkey_file: PathBuf,
    /// Its address, if it could be opened.
    pub(crate) address: Option<PublicKey>,
    /// Its uid, if it is registered, as far as is known.
    pub(crate) uid: Option<u16>,
    /// The network's name.
    pub(crate) network: String,
    /// The subnet.
    pub(crate) netuid: u16,
    /// Where the list of validators is from; `None` when there is none.
    pub(crate) metagraph: Option<Origin>,
    /// Whom mining would pull from.
    pub(crate) validators: Vec<Validator>,
    /// Whom not.
    pub(crate) refused: Vec<Ignored>,
    /// UIDs that are never pulled from.
    pub(crate) blacklist: Vec<u16>,
    /// The gateway.
    pub(crate) gateway: Option<String>,
    /// What would make the clouds.
    pub(crate) generators: Vec<Generator>,
    /// Whether they would be judged.
    pub(crate) judging: bool,
    /// Models without which they are judged by gates alone.
    pub(crate) judge_lacks: Vec<String>,
    /// Where the ledger lives.
    pub(crate) data_dir: PathBuf,
    /// What a person should know.
    pub(crate) warnings: Vec<String>,
    /// What would stop mining, each with its remedy.
    pub(crate) obstacles: Vec<String>,
}

/// A validator that would be pulled from.
#[derive(Debug, Serialize)]
pub(crate) struct Validator {
    /// Its number on the subnet.
    pub(crate) uid: u16,
    /// Its key.
    pub(crate) hotkey: PublicKey,
    /// Where its axon is.
    pub(crate) axon: String,
    /// Its stake.
    pub(crate) stake: f64,
    /// Time to a connection in milliseconds; `None` if there was none.
    pub(crate) connected_in_ms: Option<f64>,
}

/// A generator.
#[derive(Debug, Serialize)]
pub(crate) struct Generator {
    /// Its name or address.
    pub(crate) label: String,
    /// Whether it can be worked with, as far as can be seen.
    pub(crate) usable: bool,
    /// How it is, in words.
    pub(crate) health: String,
}

/// Looks at everything, and fails if anything would stop mining.
pub(crate) fn run(config: &MineConfig, console: &Console, json: bool) -> Result<Outcome, Failure> {
    let mut report = Report {
        ok: false,
        wallet: config.wallet.name().to_owned(),
        hotkey: config.wallet.hotkey().to_owned(),
        hotkey_file: config.wallet.hotkey_file(),
        address: None,
        uid: None,
        network: config.network.name.clone(),
        netuid: config.netuid,
        metagraph: None,
        validators: Vec::new(),
        refused: Vec::new(),
        blacklist: config.blacklist.clone(),
        gateway: None,
        generators: Vec::new(),
        judging: config.generation.validate,
        judge_lacks: judges::missing(&config.generation.judging),
        data_dir: config.data_dir.clone(),
        warnings: Vec::new(),
        obstacles: Vec::new(),
    };
    let runtime = super::session::runtime()?;
    let prelude = super::session::Prelude::begin(&runtime)?;
    match hotkey::open(&config.wallet, console, json, &prelude) {
        Ok((keypair, _claim)) => report.address = Some(keypair.public()),
        Err(error) => report.obstacles.push(in_words(&error)),
    }
    if let Err(error) = data_folder(config) {
        report.obstacles.push(in_words(&error));
    }
    runtime.block_on(report.look(config));
    report.ok = report.obstacles.is_empty();
    if json {
        console.json(&report)?;
    } else {
        console.line(&check_page(&report, console.colour()));
    }
    Ok(if report.ok {
        Outcome::Pass
    } else {
        Outcome::Fail
    })
}

/// Whether the data folder can be written to.
fn data_folder(config: &MineConfig) -> Result<()> {
    crate::files::make_folder(&config.data_dir)?;
    let probe = config.data_dir.join(".check");
    crate::files::write_atomic(&probe, b"")?;
    let _ = std::fs::remove_file(&probe);
    Ok(())
}

impl Report {
    async fn look(&mut self, config: &MineConfig) {
        self.generators = stream::iter(&config.generation.backends)
            .map(|backend| generator(backend, config))
            .buffered(AT_ONCE)
            .collect()
            .await;
        self.judge_generators();
        // Without a key of our own nobody is left out for being ourselves.
        let own = self.address.unwrap_or(PublicKey::from_bytes([0; 32]));
        let events = EventSender::default();
        let opened = match subnet::listed(config) {
            Ok(listed) => subnet::open(config, listed, own, &events).await,
            Err(failure) => Err(failure),
        };
        match opened {
            Ok(subnet) => self.survey(config, &subnet, own).await,
            Err(Failure::Usage(problems)) => {
                self.obstacles
                    .extend(problems.iter().map(ToString::to_string));
            }
            Err(Failure::Undecided(error) | Failure::Failed(error)) => {
                self.obstacles.push(in_words(&error));
            }
        }
        if let Some(gateway) = &config.source.gateway {
            self.gateway = Some(gateway.address().to_owned());
        }
    }

    fn judge_generators(&mut self) {
        let unusable = self.generators.iter().filter(|generator| !generator.usable);
        let lines: Vec<_> = unusable
            .map(|generator| format!("the generator {} {}", generator.label, generator.health))
            .collect();
        if lines.len() < self.generators.len() {
            self.warnings.extend(lines);
        } else {
            self.obstacles.extend(lines);
        }
    }

    async fn survey(&mut self, config: &MineConfig, subnet: &subnet::Subnet, own: PublicKey) {
        self.uid = subnet::uid_of(&subnet.metagraph, own);
        if self.address.is_some() && subnet.denies(own) {
            self.obstacles.push(subnet::unregistered(config, own));
        }
        if let Origin::Kept { why, age, .. } = &subnet.origin {
            let age = humantime::format_duration(Duration::from_secs(*age));
            self.warnings.push(format!(
                "the chain cannot be read now: {why}; mining would begin with the validators of {age} \
                 ago"
            ));
        }
        self.metagraph = Some(subnet.origin.clone());
        let miner = miner_config(config, subnet);
        match generators::start(&config.generation) {
            Ok(generators) => {
                let found = obstacles(&miner, &generators, self.judging);
                self.obstacles.extend(found);
            }
            Err(error) => self.obstacles.push(in_words(&error)),
        }
        if !config.source.validators {
            return;
        }
        let roster = Roster::of(&subnet.metagraph, &miner, own);
        self.refused = roster.refused;
        self.validators = stream::iter(roster.eligible)
            .map(|neuron| async move { reach(&neuron).await })
            .buffered(AT_ONCE)
            .collect()
            .await;
        let reached = self
            .validators
            .iter()
            .filter(|v| v.connected_in_ms.is_some());
        match (self.validators.len(), reached.count()) {
            (0, _) if config.source.gateway.is_none() => self.obstacles.push(
                "there is no validator to pull from: see why each is refused, and --min-stake, \
                 --blacklist and --allow-private-validators"
                    .to_owned(),
            ),
            (all, 0) if all > 0 => self.obstacles.push(format!(
                "none of the {all} validators can be reached: check this machine's network"
            )),
            _ => {}
        }
    }
}

async fn reach(neuron: &Neuron) -> Validator {
    let axon = neuron.target().address;
    let begun = Instant::now();
    let connected = tokio::time::timeout(TIMEOUT, TcpStream::connect(axon)).await;
    let is_there = matches!(connected, Ok(Ok(_)));
    Validator {
        uid: neuron.uid,
        hotkey: neuron.hotkey,
        axon: axon.to_string(),
        stake: neuron.stake,
        connected_in_ms: is_there.then(|| begun.elapsed().as_secs_f64() * 1000.0),
    }
}

/// What this machine generates with by itself.
fn here(backend: &Backend, config: &GenerationConfig) -> Generator {
    let label = backend.shown();
    match native::look(config) {
        Ok(found) => Generator {
            label: "trellis".to_owned(),
            usable: true,
            health: native::describe(&found),
        },
        Err(why) if *backend == Backend::Auto && config.backends.len() == 1 => Generator {
            label: "sketch".to_owned(),
            usable: true,
            health: format!("{SKETCH}: {why}"),
        },
        // With endpoints it is no fault that nothing is generated here as well.
        Err(why) => Generator {
            label,
            usable: *backend == Backend::Auto,
            health: why.to_string(),
        },
    }
}

async fn generator(backend: &Backend, config: &MineConfig) -> Generator {
    let label = backend.shown();
    let health = match backend {
        Backend::Sketch => {
            return Generator {
                label,
                usable: true,
                health: SKETCH.to_owned(),
            };
        }
        Backend::Trellis | Backend::Auto => return here(backend, &config.generation),
        Backend::Http(url) => {
            let options = generators::http_options(&config.generation);
            match HttpBackend::new(url.as_str(), options) {
                Ok(backend) => backend.health(TIMEOUT).await,
                Err(error) => Health::Silent(error.to_string()),
            }
        }
    };
    let usable = matches!(health, Health::Well { .. } | Health::Unknown);
    let health = match health {
        Health::Well {
            generators: Some(count),
        } if count > 1 => format!("is well, with {count} generators"),
        Health::Well { .. } => "is well".to_owned(),
        Health::Unknown => "is there, and does not say how it is".to_owned(),
        Health::Unwell(status) => format!("is not well: it answers {status} to /health"),
        Health::Silent(why) => format!("cannot be used: {why}"),
    };
    Generator {
        label,
        usable,
        health,
    }
}
