//! The licence consent that every submission carries, signed.
//!
//! `neurons/common/miner_license_consent_declaration.py` and `_check_miner_signature` in
//! `neurons/validator/validator.py`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bittensor::{Keypair, PublicKey};

/// The sentence the subnet requires word for word.
pub const DECLARATION: &str = "I, as a miner on SN17, have obtained all licenses, rights and consents \
    required to use, reproduce, modify, display, distribute and make available my submitted results to \
    this subnet and its end users";

/// What is signed: declaration, submission time, prompt, validator and miner, without separators.
/// `prompt` is the whole prompt as it came, for an image its base64.
fn text(submit_time: u64, prompt: &str, validator: &PublicKey, miner: &PublicKey) -> String {
    format!("{DECLARATION}{submit_time}{prompt}{validator}{miner}")
}

/// Signs the consent for the result sent at `submit_time` (unix nanoseconds): base64 for
/// [`SubmitResults::signature`](crate::SubmitResults).
pub fn sign(miner: &Keypair, submit_time: u64, prompt: &str, validator: &PublicKey) -> String {
    STANDARD.encode(miner.sign(text(submit_time, prompt, validator, &miner.public()).as_bytes()))
}

/// Whether `signature` is `miner`'s consent. Anything that is not base64 of 64 bytes is not.
pub fn verify(
    signature: &str,
    submit_time: u64,
    prompt: &str,
    validator: &PublicKey,
    miner: &PublicKey,
) -> bool {
    // 64 bytes are 88 digits: nothing longer needs decoding.
    if signature.len() != 88 {
        return false;
    }
    let Ok(bytes) = STANDARD.decode(signature) else {
        return false;
    };
    let Ok(signature) = <[u8; 64]>::try_from(bytes) else {
        return false;
    };
    miner.verify(
        text(submit_time, prompt, validator, miner).as_bytes(),
        &signature,
    )
}
