//! Hotkey files: those of the official wallet, our own, and broken ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use bittensor::keyfile::{self, KeyfileError};
use bittensor::{Keypair, Metagraph, PublicKey};
use proptest::prelude::*;

const SEED: &str = include_str!("data/seed.json");
const SEED_ADDRESS: &str = "5Ca8o9gydB5fAKEtyuSMip3TmCPB8oVzSzY6KD9xJXMFWYWH";
const URI: &str = include_str!("data/uri.json");
const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

fn read(text: impl AsRef<[u8]>) -> Result<Keypair, KeyfileError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hotkey");
    fs::write(&path, text).unwrap();
    keyfile::read(&path)
}

/// The wallet's file with one field changed, or taken out with `null`.
fn changed(file: &str, field: &str, value: serde_json::Value) -> String {
    let mut json: serde_json::Value = serde_json::from_str(file).unwrap();
    json[field] = value;
    json.to_string()
}

#[test]
fn the_official_wallets_files_open() {
    assert_eq!(read(SEED).unwrap().public().to_string(), SEED_ADDRESS);
    assert_eq!(read(URI).unwrap().public().to_string(), BOB);
}

#[test]
fn either_secret_is_enough_and_a_spoilt_seed_gives_way_to_the_private_key() {
    let null = serde_json::Value::Null;
    for file in [
        changed(SEED, "secretSeed", null.clone()),
        changed(SEED, "privateKey", null.clone()),
        changed(
            SEED,
            "secretSeed",
            "raw characters, as 4.1.1 may write".into(),
        ),
        changed(SEED, "secretSeed", format!("0x{}", "11".repeat(32)).into()),
        changed(SEED, "ss58Address", null),
    ] {
        assert_eq!(read(file).unwrap().public().to_string(), SEED_ADDRESS);
    }
}

#[test]
fn each_flaw_is_one_clear_line_without_a_secret() {
    let null = || serde_json::Value::Null;
    let phrase_only = changed(&changed(SEED, "secretSeed", null()), "privateKey", null());
    let cases = [
        (
            "$NACL\u{1}rest".to_owned(),
            "encrypted (NaCl): write an unencrypted one",
        ),
        (
            "$ANSIBLE_VAULT;1.1;AES256".to_owned(),
            "encrypted (Ansible vault)",
        ),
        ("gAAAAABk".to_owned(), "encrypted (Fernet)"),
        (String::new(), "not a keyfile (line 1"),
        ("{\"secretSeed\": 5}".to_owned(), "not a keyfile"),
        ("{}".to_owned(), "holds no ss58Address"),
        (
            phrase_only.clone(),
            "holds only secretPhrase, which is not read yet",
        ),
        (
            changed(&phrase_only, "secretPhrase", null()),
            "holds no secretSeed and no privateKey",
        ),
        (changed(SEED, "cryptoType", 0.into()), "cryptoType is 0"),
        (
            changed(SEED, "ss58Address", BOB.into()),
            "but the file says 5FHneW46",
        ),
        (
            changed(URI, "privateKey", "0x00".into()),
            "are not hex of 32 and 64 bytes",
        ),
        (" ".repeat(70_000), "larger than any keyfile"),
    ];
    for (file, expected) in cases {
        let line = read(&file).unwrap_err().to_string();
        assert!(line.contains(expected), "{line}");
        assert!(
            !line.contains('\n') && !line.contains("e9ee2982") && !line.contains("reason hundred")
        );
    }
    let missing = keyfile::read(Path::new("/nowhere/hotkey"))
        .unwrap_err()
        .to_string();
    assert!(
        missing.starts_with("/nowhere/hotkey: No such file"),
        "{missing}"
    );
}

#[test]
fn what_is_written_opens_again_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("wallet/hotkeys/default");
    let keypair = Keypair::generate();
    keyfile::write_plain(&path, &keypair).unwrap();
    assert_eq!(keyfile::read(&path).unwrap().public(), keypair.public());
    let refused = keyfile::write_plain(&path, &Keypair::generate()).unwrap_err();
    assert!(refused.to_string().contains("exists"), "{refused}");
    assert_eq!(keyfile::read(&path).unwrap().public(), keypair.public());
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_pointed_out() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hotkey");
    keyfile::write_plain(&path, &Keypair::generate()).unwrap();
    assert_eq!(keyfile::exposure(&path), None);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let exposure = keyfile::exposure(&path).unwrap();
    assert_eq!(exposure.mode, 0o644);
    assert!(
        exposure.to_string().contains("(mode 0644): chmod 600"),
        "{exposure}"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(read(&noise).is_err());
        prop_assert!(Metagraph::from_json(&noise).is_err());
    }

    #[test]
    fn a_bent_keyfile_opens_as_the_same_key_or_not_at_all(at in 0..SEED.len(), flip in 1u8..) {
        let mut bent = SEED.as_bytes().to_vec();
        bent[at] ^= flip;
        if let Ok(keypair) = read(&bent) {
            prop_assert_eq!(keypair.public().to_string(), SEED_ADDRESS);
        }
    }

    #[test]
    fn an_address_with_one_wrong_character_is_refused(at in 0..BOB.len(), other in "[0-9A-Za-z]") {
        let mut text = BOB.to_owned();
        text.replace_range(at..=at, &other);
        if text != BOB {
            prop_assert!(text.parse::<PublicKey>().is_err());
        }
    }

    #[test]
    fn every_key_has_an_address_of_its_own(bytes in any::<[u8; 32]>()) {
        let key = PublicKey::from_bytes(bytes);
        prop_assert_eq!(key.to_string().parse::<PublicKey>(), Ok(key));
    }
}
