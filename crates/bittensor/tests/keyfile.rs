//! Hotkey files: those of the official wallet, our own, and broken ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use bittensor::keyfile::{self, Hotkey, KeyfileError, Password};
use bittensor::{Keypair, Metagraph, PublicKey};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

/// One file as a version of the official wallet wrote it: its text, or its base64 where it is sealed.
#[derive(Deserialize)]
struct Golden {
    version: String,
    form: String,
    address: String,
    text: Option<String>,
    sealed: Option<String>,
    password: Option<String>,
}

fn goldens() -> Vec<Golden> {
    serde_json::from_str(include_str!("data/wallets.json")).unwrap()
}

/// The text of one plain file.
fn golden(version: &str, form: &str) -> String {
    let mut all = goldens().into_iter();
    let found = all
        .find(|golden| golden.version == version && golden.form == form && golden.text.is_some());
    found.unwrap().text.unwrap()
}

/// A folder with a hotkey file in it.
fn wallet(bytes: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hotkeys").join("h");
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn open(bytes: impl AsRef<[u8]>) -> Result<Hotkey, KeyfileError> {
    let (_folder, path) = wallet(bytes);
    keyfile::open(&path)
}

/// The address of a plain file's key.
fn address(text: impl AsRef<[u8]>) -> Result<String, KeyfileError> {
    match open(text)? {
        Hotkey::Plain(keypair) => Ok(keypair.public().to_string()),
        sealed => panic!("{sealed:?} is not plain"),
    }
}

/// The wallet's file with one field changed, or taken out with `null`.
fn changed(file: &str, field: &str, value: Value) -> String {
    let mut json: Value = serde_json::from_str(file).unwrap();
    json[field] = value;
    json.to_string()
}

#[test]
fn every_plain_form_of_every_version_opens() {
    let mut forms = std::collections::BTreeMap::<String, u32>::new();
    for golden in goldens() {
        let Some(text) = golden.text else { continue };
        let opened = address(&text);
        let what = format!("{} of {}", golden.form, golden.version);
        assert_eq!(opened.expect(&what), golden.address, "{what}");
        *forms.entry(golden.version).or_default() += 1;
    }
    let expected = [("1.0.0", 6), ("3.0.3", 5), ("4.0.0", 9), ("4.1.1", 9)];
    assert_eq!(
        forms,
        expected
            .map(|(version, count)| (version.into(), count))
            .into()
    );
}

/// Opening one takes seconds and 512 MiB, hence few: one by the Python package of old, one by the
/// present one.
#[test]
fn sealed_files_open_with_their_password() {
    for golden in goldens() {
        let (Some(sealed), Some(password)) = (golden.sealed, golden.password) else {
            continue;
        };
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(sealed)
            .unwrap();
        let Hotkey::Sealed(sealed) = open(bytes).unwrap() else {
            panic!("{} is not recognised", golden.version)
        };
        let keypair = sealed.unseal(&Password::typed(password.into())).unwrap();
        assert_eq!(keypair.public().to_string(), golden.address);
    }
}

#[test]
fn any_one_secret_is_enough_and_a_spoilt_one_gives_way_to_the_next() {
    let file = golden("4.1.1", "phrase");
    let right = address(&file).unwrap();
    let secrets = ["secretPhrase", "secretSeed", "privateKey"];
    for kept in secrets {
        let mut alone = file.clone();
        for secret in secrets.iter().filter(|secret| **secret != kept) {
            alone = changed(&alone, secret, Value::Null);
        }
        assert_eq!(address(&alone).unwrap(), right, "{kept} alone");
    }
    for (field, value) in [
        ("secretPhrase", json!("bottom drive")),
        ("secretPhrase", json!("")),
        ("secretSeed", json!("0xnothing")),
        ("secretSeed", json!(format!("0x{}", "11".repeat(32)))),
        ("ss58Address", Value::Null),
        ("publicKey", Value::Null),
        ("cryptoType", Value::Null),
    ] {
        let file = changed(&file, field, value);
        assert_eq!(address(&file).unwrap(), right, "{file}");
    }
    let doubled = format!("0x{}", value_of(&file, "secretSeed"));
    let alone = changed(
        &changed(&file, "secretPhrase", Value::Null),
        "privateKey",
        Value::Null,
    );
    assert_eq!(
        address(changed(&alone, "secretSeed", json!(doubled))).unwrap(),
        right
    );
}

fn value_of(file: &str, field: &str) -> String {
    let json: Value = serde_json::from_str(file).unwrap();
    json[field].as_str().unwrap().to_owned()
}

#[test]
fn each_flaw_is_one_clear_line_without_a_secret() {
    let null = || Value::Null;
    let (phrase, uri) = (golden("4.1.1", "phrase"), golden("4.1.1", "uri"));
    let bare = json!({"ss58Address": BOB}).to_string();
    let sealed = |length| [b"$NACL".as_slice(), &vec![7; length]].concat();
    let cases: [(Vec<u8>, &str); 17] = [
        (sealed(0), "cut short"),
        (sealed(39), "cut short"),
        (
            b"$ANSIBLE_VAULT;1.1;AES256".into(),
            "(Ansible vault): convert it with `btcli wallet update`",
        ),
        (
            b"gAAAAABk".into(),
            "(Fernet): convert it with `btcli wallet update`",
        ),
        (Vec::new(), "not a keyfile (line 1"),
        (
            phrase.as_bytes()[..phrase.len() / 2].into(),
            "not a keyfile (line 1",
        ),
        (b"{\"secretSeed\": 5}".into(), "not a keyfile"),
        (b"bottom drive obey lake".into(), "not a keyfile"),
        (b"{}".into(), "holds no right ss58Address"),
        (bare.into(), "holds a public key only"),
        (
            format!("0x{}\n", "8e".repeat(32)).into(),
            "holds a public key only",
        ),
        (
            changed(&phrase, "cryptoType", 0.into()).into(),
            "cryptoType is 0",
        ),
        (
            changed(&phrase, "ss58Address", BOB.into()).into(),
            "but the file says 5FHneW46",
        ),
        (
            changed(&phrase, "publicKey", json!("0x00")).into(),
            "holds no right ss58Address",
        ),
        (
            changed(&uri, "privateKey", json!("0x00")).into(),
            "are not hex of 32 or 64 bytes",
        ),
        (
            changed(&uri, "privateKey", null()).into(),
            "holds a public key only",
        ),
        (b" ".repeat(70_000), "larger than any keyfile"),
    ];
    for (file, expected) in cases {
        let line = open(&file).unwrap_err().to_string();
        assert!(line.contains(expected), "{line}");
        let secret = ["\n", "bottom drive", "fac7959d", "e1c39e72"];
        assert!(!secret.iter().any(|secret| line.contains(secret)), "{line}");
    }
}

#[test]
fn coldkeys_and_what_is_no_hotkey_file_are_never_opened() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    fs::create_dir_all(at("w/hotkeys/folder")).unwrap();
    let key = golden("4.1.1", "uri");
    for path in ["w/coldkey", "w/coldkeypub.txt", "w/hotkeys/coldkey", "w/h"] {
        fs::write(at(path), &key).unwrap();
    }
    let refusal = |path: &str| keyfile::open(&at(path)).unwrap_err().to_string();
    for path in [
        "w/coldkey",
        "w/coldkeypub.txt",
        "w/hotkeys/coldkey",
        "w/hotkeys/../coldkey",
    ] {
        let line = refusal(path);
        assert!(line.contains("only hotkeys are ever opened"), "{line}");
    }
    assert!(refusal("w/h").contains("does not lie in a folder named hotkeys"));
    assert!(refusal("w/hotkeys/folder").ends_with("not a file"));
    let missing = refusal("w/hotkeys/h");
    assert!(missing.contains("No such file"), "{missing}");
}

#[cfg(unix)]
#[test]
fn links_are_followed_but_not_to_a_coldkey() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    fs::create_dir_all(at("hotkeys")).unwrap();
    for file in ["secret", "coldkey"] {
        fs::write(at(file), golden("4.1.1", "uri")).unwrap();
        std::os::unix::fs::symlink(at(file), at("hotkeys").join(format!("to {file}"))).unwrap();
    }
    assert!(matches!(
        keyfile::open(&at("hotkeys/to secret")),
        Ok(Hotkey::Plain(_))
    ));
    let refused = keyfile::open(&at("hotkeys/to coldkey"));
    assert!(matches!(refused, Err(KeyfileError::Coldkey(_))));
}

#[test]
fn what_is_written_opens_again_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("wallet/hotkeys/default");
    let keypair = Keypair::generate();
    keyfile::write_plain(&path, &keypair).unwrap();
    let opened = |path: &Path| match keyfile::open(path).unwrap() {
        Hotkey::Plain(keypair) => keypair.public(),
        sealed => panic!("{sealed:?}"),
    };
    assert_eq!(opened(&path), keypair.public());
    let refused = keyfile::write_plain(&path, &Keypair::generate()).unwrap_err();
    assert!(refused.to_string().contains("exists"), "{refused}");
    assert_eq!(opened(&path), keypair.public());
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

#[test]
fn debug_shows_no_secret() {
    let shown = format!("{:?}", open(golden("4.1.1", "phrase")).unwrap());
    assert!(shown.contains("redacted"), "{shown}");
    for secret in ["fac7959d", "bottom", "05d65584"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(open(&noise).is_err());
        prop_assert!(Metagraph::from_json(&noise).is_err());
    }

    #[test]
    fn a_bent_keyfile_opens_as_the_same_key_or_not_at_all(at in 0..500_usize, flip in 1u8..) {
        let file = golden("4.1.1", "phrase");
        let right = address(&file).unwrap();
        let mut bent = file.into_bytes();
        let at = at % bent.len();
        bent[at] ^= flip;
        if let Ok(Hotkey::Plain(keypair)) = open(&bent) {
            prop_assert_eq!(keypair.public().to_string(), right);
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
