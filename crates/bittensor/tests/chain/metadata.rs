//! Runtime metadata of both generations.

use frame_metadata::{v14, v15, v16};
use parity_scale_codec::{Compact, Encode};
use scale_info::{MetaType, meta_type};

use crate::layouts::{AccountId32, plain, wrapped};

/// The types a generation uses.
pub(crate) struct Types {
    pub netuid: MetaType,
    pub neurons: MetaType,
    pub state: MetaType,
    pub uid_key: MetaType,
    pub uid: MetaType,
}

pub(crate) fn plain_types() -> Types {
    Types {
        netuid: meta_type::<u16>(),
        neurons: meta_type::<Vec<plain::NeuronInfoLite>>(),
        state: meta_type::<Option<plain::SubnetState>>(),
        uid_key: meta_type::<(u16, AccountId32)>(),
        uid: meta_type::<u16>(),
    }
}

pub(crate) fn wrapped_types() -> Types {
    Types {
        netuid: meta_type::<wrapped::NetUid>(),
        neurons: meta_type::<Vec<wrapped::NeuronInfoLite>>(),
        state: meta_type::<Option<wrapped::SubnetState>>(),
        uid_key: meta_type::<(wrapped::NetUid, AccountId32)>(),
        uid: meta_type::<u16>(),
    }
}

fn uids(types: &Types) -> v14::StorageEntryType {
    v14::StorageEntryType::Map {
        hashers: vec![
            v14::StorageHasher::Identity,
            v14::StorageHasher::Blake2_128Concat,
        ],
        key: types.uid_key,
        value: types.uid,
    }
}

fn apis(types: &Types) -> [(&'static str, &'static str, MetaType); 2] {
    [
        ("NeuronInfoRuntimeApi", "get_neurons_lite", types.neurons),
        ("SubnetInfoRuntimeApi", "get_subnet_state", types.state),
    ]
}

/// Version 15, as the node hands it out.
pub(crate) fn v15(types: &Types) -> Vec<u8> {
    let unit = meta_type::<()>();
    let pallet = v15::PalletMetadata {
        name: "SubtensorModule",
        storage: Some(v14::PalletStorageMetadata {
            prefix: "SubtensorModule",
            entries: vec![v14::StorageEntryMetadata {
                name: "Uids",
                modifier: v14::StorageEntryModifier::Optional,
                ty: uids(types),
                default: vec![0],
                docs: Vec::new(),
            }],
        }),
        calls: None,
        event: None,
        constants: Vec::new(),
        error: None,
        index: 7,
        docs: Vec::new(),
    };
    let apis = apis(types).map(|(name, method, output)| v15::RuntimeApiMetadata {
        name,
        methods: vec![v15::RuntimeApiMethodMetadata {
            name: method,
            inputs: vec![v15::RuntimeApiMethodParamMetadata {
                name: "netuid",
                ty: types.netuid,
            }],
            output,
            docs: Vec::new(),
        }],
        docs: Vec::new(),
    });
    let extrinsic = v15::ExtrinsicMetadata {
        version: 4,
        address_ty: unit,
        call_ty: unit,
        signature_ty: unit,
        extra_ty: unit,
        signed_extensions: Vec::new(),
    };
    let outer = v15::OuterEnums {
        call_enum_ty: unit,
        event_enum_ty: unit,
        error_enum_ty: unit,
    };
    let custom = v15::CustomMetadata {
        map: Default::default(),
    };
    let metadata =
        v15::RuntimeMetadataV15::new(vec![pallet], extrinsic, unit, apis.into(), outer, custom);
    frame_metadata::RuntimeMetadataPrefixed::from(metadata).encode()
}

/// Version 16, as the node hands it out.
pub(crate) fn v16(types: &Types) -> Vec<u8> {
    let unit = meta_type::<()>();
    let fresh = || v16::ItemDeprecationInfo::NotDeprecated;
    let pallet = v16::PalletMetadata {
        name: "SubtensorModule",
        storage: Some(v16::PalletStorageMetadata {
            prefix: "SubtensorModule",
            entries: vec![v16::StorageEntryMetadata {
                name: "Uids",
                modifier: v14::StorageEntryModifier::Optional,
                ty: uids(types),
                default: vec![0],
                docs: Vec::new(),
                deprecation_info: fresh(),
            }],
        }),
        calls: None,
        event: None,
        constants: Vec::new(),
        error: None,
        associated_types: Vec::new(),
        view_functions: Vec::new(),
        index: 7,
        docs: Vec::new(),
        deprecation_info: fresh(),
    };
    let apis = apis(types).map(|(name, method, output)| v16::RuntimeApiMetadata {
        name,
        methods: vec![v16::RuntimeApiMethodMetadata {
            name: method,
            inputs: vec![v16::FunctionParamMetadata {
                name: "netuid",
                ty: types.netuid,
            }],
            output,
            docs: Vec::new(),
            deprecation_info: fresh(),
        }],
        docs: Vec::new(),
        version: Compact(1),
        deprecation_info: fresh(),
    });
    let extrinsic = v16::ExtrinsicMetadata {
        versions: vec![4, 5],
        address_ty: unit,
        call_ty: unit,
        signature_ty: unit,
        transaction_extensions_by_version: Default::default(),
        transaction_extensions: Vec::new(),
    };
    let outer = v16::OuterEnums {
        call_enum_ty: unit,
        event_enum_ty: unit,
        error_enum_ty: unit,
    };
    let custom = v16::CustomMetadata {
        map: Default::default(),
    };
    let metadata =
        v16::RuntimeMetadataV16::new(vec![pallet], extrinsic, apis.into(), outer, custom);
    frame_metadata::RuntimeMetadataPrefixed::from(metadata).encode()
}

/// Version 14, which describes no runtime API.
pub(crate) fn v14() -> Vec<u8> {
    let unit = meta_type::<()>();
    let extrinsic = v14::ExtrinsicMetadata {
        ty: unit,
        version: 4,
        signed_extensions: Vec::new(),
    };
    let metadata = v14::RuntimeMetadataV14::new(Vec::new(), extrinsic, unit);
    frame_metadata::RuntimeMetadataPrefixed::from(metadata).encode()
}
