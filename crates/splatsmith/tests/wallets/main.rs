//! Wallets through the command, and against the official wallet package of two versions.
//!
//! The official packages are had as in `interop.rs`; what is not against them needs no Python.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/python.rs"]
mod python;
mod terminal;

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use bittensor::Keypair;
use bittensor::keyfile::{self, Hotkey, Password};
use common::{Run, command};
use python::{json_of, script};
use serde_json::{Value, json};

const GOLDENS: &str = include_str!("../../../bittensor/tests/data/wallets.json");

/// `mine` on no validators for a moment: enough to open the hotkey and say whose it is.
const MINE: [&str; 7] = [
    "mine",
    "--metagraph",
    "m.json",
    "--data-dir",
    "data",
    "--for",
    "1s",
];

/// A folder to mine in, whose wallet `w` has the hotkey `h`.
fn folder(hotkey: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let hotkeys = folder.path().join("wallets/w/hotkeys");
    fs::create_dir_all(&hotkeys).unwrap();
    fs::write(hotkeys.join("h"), hotkey).unwrap();
    metagraph(folder.path());
    folder
}

fn metagraph(folder: &Path) {
    fs::write(folder.join("m.json"), r#"{"netuid": 17, "neurons": []}"#).unwrap();
}

/// `mine`, without anything the tester's own environment says of wallets.
fn mine(folder: &Path) -> Command {
    let mut command = command(folder);
    command.args(MINE).stdin(Stdio::null());
    for name in ["PATH", "NAME", "HOTKEY"] {
        command.env_remove(format!("BT_WALLET_{name}"));
    }
    command
}

/// [`mine`] with the wallet of [`folder`].
fn mine_w_h(folder: &Path) -> Command {
    let mut command = mine(folder);
    command.args([
        "--wallet.path",
        "wallets",
        "--wallet.name",
        "w",
        "--wallet.hotkey",
        "h",
    ]);
    command
}

fn run(command: &mut Command) -> Run {
    common::finished(command)
}

/// One line that says why, with every one of `words` in it.
fn refused_with(run: &Run, code: i32, words: &[&str]) {
    run.refused(code);
    let line = run.stderr.lines().find(|line| line.starts_with("error: "));
    let line = line.unwrap_or_default();
    assert!(words.iter().all(|word| line.contains(word)), "{line}");
}

/// A hotkey file that wallet 4.1.1 sealed, with its password and its address.
fn sealed() -> (Vec<u8>, String, String) {
    let goldens: Vec<Value> = serde_json::from_str(GOLDENS).unwrap();
    let golden = goldens
        .iter()
        .rfind(|golden| golden["sealed"].is_string())
        .unwrap();
    let text = |field: &str| golden[field].as_str().unwrap().to_owned();
    let file = base64::engine::general_purpose::STANDARD.decode(text("sealed"));
    (file.unwrap(), text("password"), text("address"))
}

/// A plain hotkey file and its address.
fn plain() -> (String, String) {
    let goldens: Vec<Value> = serde_json::from_str(GOLDENS).unwrap();
    let text = |field: &str| goldens[0][field].as_str().unwrap().to_owned();
    (text("text"), text("address"))
}

#[test]
fn a_password_file_opens_an_encrypted_hotkey_and_a_wrong_one_does_not() {
    let (file, password, address) = sealed();
    let folder = folder(&file);
    fs::write(folder.path().join("password"), format!("{password}\n")).unwrap();
    let opened = run(mine_w_h(folder.path()).args(["--wallet.password-file", "password"]));
    assert!(
        opened.stderr.contains("opening the encrypted hotkey"),
        "{}",
        opened.stderr
    );
    let known = format!("mining as {address}");
    assert!(opened.stderr.contains(&known), "{}", opened.stderr);
    assert!(!opened.stderr.contains(&password), "{}", opened.stderr);

    fs::write(folder.path().join("password"), "a guess\n").unwrap();
    let wrong = run(mine_w_h(folder.path()).env("SPLATSMITH_WALLET_PASSWORD_FILE", "password"));
    refused_with(&wrong, 1, &["wallets/w/hotkeys/h", "the password is wrong"]);
}

#[test]
fn where_nobody_can_be_asked_the_ways_to_give_a_password_are_said() {
    let (file, ..) = sealed();
    let folder = folder(&file);
    let variable = "BT_PW_WALLETS_W_HOTKEYS_H";
    let refused = run(&mut mine_w_h(folder.path()));
    refused_with(
        &refused,
        1,
        &["encrypted", "--wallet.password-file", variable],
    );
    let refused = run(mine_w_h(folder.path()).env(variable, "not base64"));
    refused_with(
        &refused,
        1,
        &[variable, "is not a password as the SDK stores it"],
    );
    let refused = run(mine_w_h(folder.path()).args(["--wallet.password-file", "nowhere"]));
    refused_with(&refused, 1, &["nowhere: No such file"]);
    assert!(
        !folder.path().join("data").exists(),
        "nothing is begun without a key"
    );
}

#[test]
fn broken_and_foreign_files_are_one_clear_line() {
    let (sealed, ..) = sealed();
    let (plain, _) = plain();
    for (file, word) in [
        (&sealed[..20], "cut short"),
        (&plain.as_bytes()[..200], "not a keyfile"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n", "btcli wallet update"),
        (b"gAAAAABmx", "btcli wallet update"),
    ] {
        let folder = folder(file);
        refused_with(
            &run(&mut mine_w_h(folder.path())),
            1,
            &["wallets/w/hotkeys/h", word],
        );
    }
}

#[test]
fn a_coldkey_is_never_opened() {
    let (plain, _) = plain();
    let folder = folder(plain.as_bytes());
    let with = |hotkey: &str| {
        let wallet = ["--wallet.path", "wallets", "--wallet.name", "w"];
        run(mine(folder.path())
            .args(wallet)
            .args(["--wallet.hotkey", hotkey]))
    };
    fs::write(folder.path().join("wallets/w/coldkey"), &plain).unwrap();
    fs::write(folder.path().join("wallets/w/hotkeys/coldkey"), &plain).unwrap();
    refused_with(
        &with("../coldkey"),
        2,
        &["--wallet.hotkey \"../coldkey\": not a name"],
    );
    refused_with(&with("coldkey"), 1, &["only hotkeys are ever opened"]);
}

#[test]
fn the_wallet_tools_variables_stand_below_our_own() {
    let (plain, address) = plain();
    let folder = folder(plain.as_bytes());
    let hotkeys = folder.path().join("wallets/w/hotkeys");
    let known = format!("mining as {address}");
    let open = |set: &mut dyn FnMut(&mut Command)| {
        let mut command = mine(folder.path());
        command.env("HOME", folder.path());
        set(&mut command);
        run(&mut command).stderr
    };
    let bt = |command: &mut Command| {
        command.env("BT_WALLET_PATH", "~/wallets");
        command
            .env("BT_WALLET_NAME", "w")
            .env("BT_WALLET_HOTKEY", "h");
    };
    let opened = open(&mut |command| bt(command));
    assert!(opened.contains(&known), "{opened}");
    // Ours win over them, and a flag over both.
    let missed = open(&mut |command| {
        bt(command);
        command.env("SPLATSMITH_WALLET_HOTKEY", "other");
    });
    assert!(missed.contains(&format!(
        "{}: there is no such hotkey",
        hotkeys.join("other").display()
    )));
    let opened = open(&mut |command| {
        bt(command);
        command.env("SPLATSMITH_WALLET_HOTKEY", "other");
        command.args(["--wallet.hotkey", "h"]);
    });
    assert!(opened.contains(&known), "{opened}");
    // Without any of them, the layout of btcli.
    let usual = open(&mut |_| {});
    let usual_path = folder
        .path()
        .join(".bittensor/wallets/default/hotkeys/default");
    assert!(usual.contains(&usual_path.display().to_string()), "{usual}");
}

#[cfg(unix)]
#[test]
fn a_hotkey_open_to_others_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let (plain, address) = plain();
    let folder = folder(plain.as_bytes());
    let hotkey = folder.path().join("wallets/w/hotkeys/h");
    fs::set_permissions(&hotkey, fs::Permissions::from_mode(0o644)).unwrap();
    let opened = run(&mut mine_w_h(folder.path())).stderr;
    assert!(opened.contains("chmod 600"), "{opened}");
    assert!(opened.contains(&format!("mining as {address}")), "{opened}");
}

/// What `wallets.py write` made: the hotkeys' folder and its description of them.
fn official_wallet(python: &Path, folder: &Path) -> (PathBuf, Value) {
    let wallets = folder.join("wallets");
    let mut python = Command::new(python);
    python
        .arg(script("wallets.py"))
        .args([OsStr::new("write"), wallets.as_os_str()]);
    let written = common::finished(&mut python);
    (wallets.join("w/hotkeys"), json_of(&written))
}

fn opened(path: &Path, password: Option<&str>) -> Keypair {
    match (keyfile::open(path).unwrap(), password) {
        (Hotkey::Plain(keypair), None) => *keypair,
        (Hotkey::Sealed(sealed), Some(password)) => {
            let password = Password::typed(password.to_owned().into());
            sealed.unseal(&password).unwrap()
        }
        (hotkey, _) => panic!("{hotkey:?}"),
    }
}

/// Every form that a version writes opens, and what the key signs holds before the package itself.
fn the_official_wallets_keys_sign(version: &str) {
    let Some(python) = python::wallet(version) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let (hotkeys, written) = official_wallet(&python, folder.path());
    assert_eq!(written["version"], version);
    let mut signed = Vec::new();
    for hotkey in written["hotkeys"].as_array().unwrap() {
        let name = hotkey["hotkey"].as_str().unwrap();
        let keypair = opened(&hotkeys.join(name), hotkey["password"].as_str());
        assert_eq!(hotkey["address"], keypair.public().to_string(), "{name}");
        let text = format!("{version} {name}");
        let signature = keypair.sign(text.as_bytes());
        signed.push(json!([
            hotkey["address"],
            text,
            format!("0x{}", hex(&signature))
        ]));
    }
    assert_eq!(signed.len(), 10, "{written}");
    // And one that must not hold, so that the verdicts mean something.
    let mut forged = signed[0].clone();
    forged[1] = json!("another text");
    signed.push(forged);
    let mut verifier = Command::new(&python)
        .arg(script("wallets.py"))
        .arg("verify")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut stdin = verifier.stdin.take().unwrap();
    stdin
        .write_all(json!(signed).to_string().as_bytes())
        .unwrap();
    drop(stdin);
    let mut expected = vec![true; 10];
    expected.push(false);
    assert_eq!(
        json_of(&verifier.wait_with_output().unwrap().into()),
        json!(expected)
    );
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn keys_of_wallet_4_0_0_sign() {
    the_official_wallets_keys_sign("4.0.0");
}

#[test]
fn keys_of_wallet_4_1_1_sign() {
    the_official_wallets_keys_sign("4.1.1");
}

#[test]
fn the_sdk_s_password_variable_opens_its_hotkey() {
    let Some(python) = python::wallet("4.1.1") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    metagraph(folder.path());
    let (hotkeys, written) = official_wallet(&python, folder.path());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let variable = (
        text(&written["variable"]["name"]),
        text(&written["variable"]["value"]),
    );
    let mut command = mine(folder.path());
    command
        .arg("--wallet.path")
        .arg(hotkeys.ancestors().nth(2).unwrap());
    command.args(["--wallet.name", "w", "--wallet.hotkey", "sealed"]);
    let opened = run(command.env(variable.0, variable.1)).stderr;
    let address = text(&written["hotkeys"][9]["address"]);
    assert!(opened.contains(&format!("mining as {address}")), "{opened}");
}
