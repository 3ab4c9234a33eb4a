//! The list of a subnet's neurons, as a file for test networks and offline work.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::{PublicKey, Target};

/// A subnet has a few hundred neurons; a file beyond this is not a metagraph.
const LARGEST_FILE: usize = 4 << 20;

/// The neurons of one subnet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metagraph {
    /// Number of the subnet.
    pub netuid: u16,
    /// Its neurons, each uid and hotkey once.
    pub neurons: Vec<Neuron>,
    /// The validators of this test network run their clock rules this many times faster (> 0,
    /// 1 = as on the real network).
    #[serde(default = "real_time", skip_serializing_if = "is_real_time")]
    pub speed: f64,
}

/// One registered neuron.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Neuron {
    /// Slot on the subnet.
    pub uid: u16,
    /// Its hotkey.
    pub hotkey: PublicKey,
    /// Address of its axon.
    pub ip: IpAddr,
    /// Port of its axon.
    pub port: u16,
    /// Total stake in TAO-weighted alpha, as the official miner compares with 1000.
    pub stake: f64,
    /// Whether it may validate.
    pub validator_permit: bool,
    /// Whether it announces an axon.
    pub is_serving: bool,
}

/// Why a metagraph file was refused.
#[derive(Debug, thiserror::Error)]
pub enum MetagraphError {
    /// Far larger than any metagraph.
    #[error("the file has {0} bytes, a metagraph at most {LARGEST_FILE}")]
    TooLarge(usize),
    /// Not the expected JSON; names the field, line and column.
    #[error("not a metagraph: {0}")]
    Json(#[from] serde_json::Error),
    /// A uid occurs twice.
    #[error("uid {0} occurs twice")]
    DuplicateUid(u16),
    /// A hotkey occurs twice.
    #[error("hotkey {0} occurs twice")]
    DuplicateHotkey(PublicKey),
    /// A negative or infinite stake.
    #[error("the stake of uid {uid} is {stake}: it must be 0 or more")]
    Stake {
        /// Whose stake.
        uid: u16,
        /// What the file says.
        stake: f64,
    },
    /// A speed that no clock can have.
    #[error("speed is {0}: it must be above 0 and at most 1000")]
    Speed(f64),
}

fn real_time() -> f64 {
    1.0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_real_time(speed: &f64) -> bool {
    *speed == 1.0
}

impl Metagraph {
    /// Reads the JSON of a metagraph file; unknown fields are ignored.
    pub fn from_json(bytes: &[u8]) -> Result<Self, MetagraphError> {
        if bytes.len() > LARGEST_FILE {
            return Err(MetagraphError::TooLarge(bytes.len()));
        }
        let metagraph: Self = serde_json::from_slice(bytes)?;
        metagraph.check()?;
        Ok(metagraph)
    }

    /// The JSON that [`Metagraph::from_json`] reads.
    pub fn to_json(&self) -> Result<String, MetagraphError> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    fn check(&self) -> Result<(), MetagraphError> {
        if !(self.speed > 0.0 && self.speed <= 1000.0) {
            return Err(MetagraphError::Speed(self.speed));
        }
        let (mut uids, mut hotkeys) = (HashSet::new(), HashSet::new());
        for neuron in &self.neurons {
            if !uids.insert(neuron.uid) {
                return Err(MetagraphError::DuplicateUid(neuron.uid));
            }
            if !hotkeys.insert(neuron.hotkey) {
                return Err(MetagraphError::DuplicateHotkey(neuron.hotkey));
            }
            if !(neuron.stake >= 0.0 && neuron.stake.is_finite()) {
                return Err(MetagraphError::Stake {
                    uid: neuron.uid,
                    stake: neuron.stake,
                });
            }
        }
        Ok(())
    }
}

impl Neuron {
    /// Where to call it.
    pub fn target(&self) -> Target {
        Target {
            hotkey: self.hotkey,
            address: SocketAddr::new(self.ip, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Metagraph {
        let neuron = |uid, hotkey: &str, ip: &str| Neuron {
            uid,
            hotkey: hotkey.parse().unwrap(),
            ip: ip.parse().unwrap(),
            port: 9000 + uid,
            stake: 1234.5,
            validator_permit: true,
            is_serving: true,
        };
        Metagraph {
            netuid: 17,
            neurons: vec![
                neuron(
                    1,
                    "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
                    "127.0.0.1",
                ),
                neuron(2, "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty", "::1"),
            ],
            speed: 1.0,
        }
    }

    fn refusal(change: impl FnOnce(&mut Metagraph)) -> String {
        let mut metagraph = sample();
        change(&mut metagraph);
        Metagraph::from_json(metagraph.to_json().unwrap().as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn json_round_trips_and_speed_defaults_to_one() {
        let mut metagraph = sample();
        let json = metagraph.to_json().unwrap();
        assert!(!json.contains("speed"));
        assert_eq!(Metagraph::from_json(json.as_bytes()).unwrap(), metagraph);
        metagraph.speed = 20.0;
        let json = metagraph.to_json().unwrap();
        assert_eq!(Metagraph::from_json(json.as_bytes()).unwrap().speed, 20.0);
    }

    #[test]
    fn an_ipv6_axon_has_an_address() {
        assert_eq!(
            sample().neurons[1].target().address.to_string(),
            "[::1]:9002"
        );
    }

    #[test]
    fn each_flaw_is_named() {
        assert!(refusal(|m| m.neurons[1].uid = 1).contains("uid 1 occurs twice"));
        assert!(refusal(|m| m.neurons[1].hotkey = m.neurons[0].hotkey).contains("5Grwva"));
        assert!(refusal(|m| m.neurons[0].stake = -1.0).contains("stake of uid 1"));
        assert!(refusal(|m| m.speed = 0.0).contains("speed is 0"));
        let missing = Metagraph::from_json(br#"{"netuid":17}"#)
            .unwrap_err()
            .to_string();
        assert!(missing.contains("neurons"), "{missing}");
        let large = vec![b' '; LARGEST_FILE + 1];
        assert!(matches!(
            Metagraph::from_json(&large),
            Err(MetagraphError::TooLarge(_))
        ));
    }
}
