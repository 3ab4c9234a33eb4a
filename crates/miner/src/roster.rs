//! Whom to pull from: of a metagraph's neurons the fit ones, and why the others are not.

use std::collections::HashSet;

use bittensor::{AddressPolicy, Metagraph, Neuron, PublicKey};

use crate::config::MinerConfig;
use crate::event::Ignored;

/// A metagraph, sorted into validators to pull from and others.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Roster {
    /// Whom to pull from; each hotkey and each uid once.
    pub eligible: Vec<Neuron>,
    /// Whom not to, and why.
    pub refused: Vec<Ignored>,
}

impl Roster {
    /// Sorts the neurons of `metagraph`. `own` is never pulled from.
    #[must_use]
    pub fn of(metagraph: &Metagraph, config: &MinerConfig, own: PublicKey) -> Self {
        let mut roster = Self::default();
        let (mut hotkeys, mut uids) = (HashSet::new(), HashSet::new());
        for neuron in &metagraph.neurons {
            let is_new = uids.insert(neuron.uid) & hotkeys.insert(neuron.hotkey);
            let reason = if is_new {
                unfit(neuron, config, own)
            } else {
                Some("listed twice".to_owned())
            };
            match reason {
                None => roster.eligible.push(neuron.clone()),
                Some(reason) => roster.refused.push(Ignored {
                    uid: neuron.uid,
                    reason,
                }),
            }
        }
        roster
    }

    /// What has become of a validator that was pulled from: `None` while it is the same at the same
    /// place.
    pub(crate) fn departure(&self, before: &Neuron) -> Option<String> {
        let now = self
            .eligible
            .iter()
            .find(|neuron| neuron.hotkey == before.hotkey);
        match now {
            Some(now) if now.uid != before.uid => Some(format!("it has uid {} now", now.uid)),
            Some(now) if now.target() != before.target() => {
                Some(format!("it serves at {} now", now.target().address))
            }
            Some(_) => None,
            None => {
                let taken = self.eligible.iter().any(|neuron| neuron.uid == before.uid);
                let refused = self.refused.iter().find(|other| other.uid == before.uid);
                Some(match refused {
                    _ if taken => "its uid belongs to another hotkey now".to_owned(),
                    Some(refused) => refused.reason.clone(),
                    None => "it is no longer registered".to_owned(),
                })
            }
        }
    }
}

/// Why a neuron is not pulled from.
fn unfit(neuron: &Neuron, config: &MinerConfig, own: PublicKey) -> Option<String> {
    let blacklist = &config.blacklist;
    if neuron.hotkey == own {
        Some("this is our own hotkey".to_owned())
    } else if blacklist.uids.contains(&neuron.uid) || blacklist.hotkeys.contains(&neuron.hotkey) {
        Some("blacklisted".to_owned())
    } else if !neuron.is_serving {
        Some("serves no axon".to_owned())
    } else if config.owner != Some(neuron.hotkey)
        && (neuron.stake.is_nan() || neuron.stake < config.min_stake)
    {
        Some(format!(
            "stake {:.0} is below {:.0}",
            neuron.stake, config.min_stake
        ))
    } else if neuron.port == 0 {
        Some("its axon has no port".to_owned())
    } else {
        let addresses = AddressPolicy {
            allow_private: config.test_network || config.allow_private_validators,
        };
        let refusal = addresses.check(neuron.ip).err()?;
        Some(refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn neuron(uid: u16, ip: &str) -> Neuron {
        Neuron {
            uid,
            hotkey: bittensor::Keypair::from_seed([uid as u8; 32]).public(),
            ip: ip.parse().unwrap(),
            port: 8091,
            stake: 1000.0,
            validator_permit: true,
            is_serving: true,
        }
    }

    fn metagraph(neurons: Vec<Neuron>) -> Metagraph {
        Metagraph {
            netuid: 17,
            neurons,
            speed: 1.0,
        }
    }

    fn config() -> MinerConfig {
        MinerConfig::new(metagraph(Vec::new()), PathBuf::from("unused"))
    }

    fn own() -> PublicKey {
        neuron(1, "8.8.8.8").hotkey
    }

    fn roster(neurons: Vec<Neuron>) -> Roster {
        Roster::of(&metagraph(neurons), &config(), own())
    }

    #[test]
    fn every_refusal_has_its_reason() {
        let change = |uid, change: fn(&mut Neuron)| {
            let mut neuron = neuron(uid, "8.8.8.8");
            change(&mut neuron);
            neuron
        };
        let mut config = config();
        config.blacklist.hotkeys.insert(neuron(4, "8.8.8.8").hotkey);
        config.owner = Some(neuron(9, "8.8.8.8").hotkey);
        let neurons = vec![
            neuron(1, "8.8.8.8"),
            change(2, |neuron| neuron.stake = 999.0),
            change(3, |neuron| neuron.is_serving = false),
            neuron(4, "8.8.8.8"),
            neuron(5, "127.0.0.1"),
            neuron(6, "::ffff:10.0.0.1"),
            neuron(7, "8.8.8.8"),
            change(8, |neuron| neuron.port = 0),
            change(9, |neuron| neuron.stake = 0.0),
            change(10, |neuron| neuron.stake = f64::NAN),
            neuron(180, "8.8.8.8"),
            neuron(7, "8.8.4.4"),
        ];
        let sorted = Roster::of(&metagraph(neurons.clone()), &config, own());
        let uids: Vec<_> = sorted.eligible.iter().map(|neuron| neuron.uid).collect();
        assert_eq!(uids, [7, 9]);
        let reasons: Vec<_> = sorted
            .refused
            .iter()
            .map(|refused| (refused.uid, refused.reason.as_str()))
            .collect();
        assert_eq!(
            reasons,
            [
                (1, "this is our own hotkey"),
                (2, "stake 999 is below 1000"),
                (3, "serves no axon"),
                (4, "blacklisted"),
                (5, "127.0.0.1 is loopback, not a public address"),
                (6, "::ffff:10.0.0.1 is private, not a public address"),
                (8, "its axon has no port"),
                (10, "stake NaN is below 1000"),
                (180, "blacklisted"),
                (7, "listed twice"),
            ]
        );
        for is_test_network in [true, false] {
            config.test_network = is_test_network;
            config.allow_private_validators = !is_test_network;
            let sorted = Roster::of(&metagraph(neurons.clone()), &config, own());
            let uids: Vec<_> = sorted.eligible.iter().map(|neuron| neuron.uid).collect();
            assert_eq!(uids, [5, 6, 7, 9]);
        }
    }

    #[test]
    fn what_became_of_a_validator_is_said() {
        let before = neuron(7, "8.8.8.8");
        let gone = |neurons: Vec<Neuron>| roster(neurons).departure(&before);
        let mut richer = before.clone();
        richer.stake = 5000.0;
        assert_eq!(gone(vec![richer]), None, "stake alone changes nothing");

        let mut moved = before.clone();
        moved.ip = "8.8.4.4".parse().unwrap();
        assert_eq!(gone(vec![moved]).unwrap(), "it serves at 8.8.4.4:8091 now");
        let mut renumbered = before.clone();
        renumbered.uid = 12;
        assert_eq!(gone(vec![renumbered]).unwrap(), "it has uid 12 now");
        let mut other = neuron(8, "8.8.8.8");
        other.uid = 7;
        assert_eq!(
            gone(vec![other]).unwrap(),
            "its uid belongs to another hotkey now"
        );
        let mut poor = before.clone();
        poor.stake = 1.0;
        assert_eq!(gone(vec![poor]).unwrap(), "stake 1 is below 1000");
        assert_eq!(gone(Vec::new()).unwrap(), "it is no longer registered");
    }
}
