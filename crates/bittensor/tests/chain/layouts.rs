//! Two generations of the chain's types.

use parity_scale_codec::{CompactAs, Decode, Encode};
use scale_info::TypeInfo;

#[derive(Debug, Clone, PartialEq, Encode, Decode, TypeInfo)]
pub(crate) struct AccountId32(pub [u8; 32]);

#[derive(Debug, Clone, Encode, Decode, TypeInfo)]
pub(crate) struct AxonInfo {
    pub block: u64,
    pub version: u32,
    pub ip: u128,
    pub port: u16,
    pub ip_type: u8,
    pub protocol: u8,
    pub placeholder1: u8,
    pub placeholder2: u8,
}

#[derive(Debug, Clone, Encode, Decode, TypeInfo)]
pub(crate) struct PrometheusInfo {
    pub block: u64,
    pub version: u32,
    pub ip: u128,
    pub port: u16,
    pub ip_type: u8,
}

/// The layouts the goldens were made with.
pub(crate) mod plain {
    use super::*;

    #[derive(Debug, Clone, Encode, Decode, TypeInfo)]
    pub(crate) struct NeuronInfoLite {
        pub hotkey: AccountId32,
        pub coldkey: AccountId32,
        #[codec(compact)]
        pub uid: u16,
        #[codec(compact)]
        pub netuid: u16,
        pub active: bool,
        pub axon_info: AxonInfo,
        pub prometheus_info: PrometheusInfo,
        pub stake: Vec<(AccountId32, parity_scale_codec::Compact<u64>)>,
        #[codec(compact)]
        pub rank: u16,
        #[codec(compact)]
        pub emission: u64,
        #[codec(compact)]
        pub incentive: u16,
        #[codec(compact)]
        pub consensus: u16,
        #[codec(compact)]
        pub trust: u16,
        #[codec(compact)]
        pub validator_trust: u16,
        #[codec(compact)]
        pub dividends: u16,
        #[codec(compact)]
        pub last_update: u64,
        pub validator_permit: bool,
        #[codec(compact)]
        pub pruning_score: u16,
    }

    type Compacts<T> = Vec<parity_scale_codec::Compact<T>>;

    #[derive(Debug, Clone, Encode, Decode, TypeInfo)]
    pub(crate) struct SubnetState {
        #[codec(compact)]
        pub netuid: u16,
        pub hotkeys: Vec<AccountId32>,
        pub coldkeys: Vec<AccountId32>,
        pub active: Vec<bool>,
        pub validator_permit: Vec<bool>,
        pub pruning_score: Compacts<u16>,
        pub last_update: Compacts<u64>,
        pub emission: Compacts<u64>,
        pub dividends: Compacts<u16>,
        pub incentives: Compacts<u16>,
        pub consensus: Compacts<u16>,
        pub trust: Compacts<u16>,
        pub rank: Compacts<u16>,
        pub block_at_registration: Compacts<u64>,
        pub alpha_stake: Compacts<u64>,
        pub tao_stake: Compacts<u64>,
        pub total_stake: Compacts<u64>,
        pub emission_history: Vec<Compacts<u64>>,
    }
}

/// As after an upgrade: netuid and amounts wrapped, a field moved, one no longer compact, others
/// added.
pub(crate) mod wrapped {
    use super::*;

    #[derive(Debug, Clone, Copy, Encode, Decode, CompactAs, TypeInfo)]
    pub(crate) struct NetUid(pub u16);

    #[derive(Debug, Clone, Copy, Encode, Decode, CompactAs, TypeInfo)]
    pub(crate) struct AlphaCurrency(pub u64);

    #[derive(Debug, Clone, Encode, Decode, TypeInfo)]
    pub(crate) enum Standing {
        New,
        Since { block: u64, by: Option<AccountId32> },
    }

    #[derive(Debug, Clone, Encode, Decode, TypeInfo)]
    pub(crate) struct NeuronInfoLite {
        #[codec(compact)]
        pub netuid: NetUid,
        pub hotkey: AccountId32,
        pub coldkey: AccountId32,
        pub uid: u16,
        pub active: bool,
        pub axon_info: AxonInfo,
        pub stake: Vec<(AccountId32, parity_scale_codec::Compact<AlphaCurrency>)>,
        pub validator_permit: bool,
        pub standing: Standing,
        pub notes: Vec<(String, [u16; 3])>,
    }

    #[derive(Debug, Clone, Encode, Decode, TypeInfo)]
    pub(crate) struct SubnetState {
        pub netuid: NetUid,
        pub hotkeys: Vec<AccountId32>,
        pub total_stake: Vec<parity_scale_codec::Compact<AlphaCurrency>>,
        pub standing: Vec<Standing>,
    }

    impl NeuronInfoLite {
        pub(crate) fn of(old: &plain::NeuronInfoLite) -> Self {
            Self {
                netuid: NetUid(old.netuid),
                hotkey: old.hotkey.clone(),
                coldkey: old.coldkey.clone(),
                uid: old.uid,
                active: old.active,
                axon_info: old.axon_info.clone(),
                stake: old
                    .stake
                    .iter()
                    .map(|(key, amount)| (key.clone(), AlphaCurrency(amount.0).into()))
                    .collect(),
                validator_permit: old.validator_permit,
                standing: Standing::Since {
                    block: 7,
                    by: Some(old.coldkey.clone()),
                },
                notes: vec![("a note".into(), [1, 2, 3])],
            }
        }
    }

    impl SubnetState {
        pub(crate) fn of(old: &plain::SubnetState) -> Self {
            Self {
                netuid: NetUid(old.netuid),
                hotkeys: old.hotkeys.clone(),
                total_stake: old
                    .total_stake
                    .iter()
                    .map(|amount| AlphaCurrency(amount.0).into())
                    .collect(),
                standing: old.hotkeys.iter().map(|_| Standing::New).collect(),
            }
        }
    }
}
