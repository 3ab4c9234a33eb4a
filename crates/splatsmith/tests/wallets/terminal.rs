//! The password's prompt, on a terminal.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::common::{command, finished};
use crate::python::{json_of, script};
use crate::{folder, metagraph, mine_w_h, sealed};

/// Types `answers` at the prompts of `command` on a terminal; `None` without a Python.
fn session(folder: &Path, command: &Command, answers: &[&str]) -> Option<Value> {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: no python3");
        return None;
    }
    let mut terminal = Command::new("python3");
    terminal
        .current_dir(folder)
        .env_remove("BT_PW_WALLETS_W_HOTKEYS_H")
        .arg(script("terminal.py"))
        .arg(json!(answers).to_string())
        .arg(command.get_program())
        .args(command.get_args());
    Some(json_of(&finished(&mut terminal)))
}

/// The password is asked for, not shown, and asked for again.
#[test]
fn a_mistyped_password_is_asked_for_again() {
    let (file, password, address) = sealed();
    let folder = folder(&file);
    let mine = mine_w_h(folder.path());
    let Some(session) = session(folder.path(), &mine, &["a guess", &password]) else {
        return;
    };
    let shown = session["shown"].as_str().unwrap();
    assert_eq!(
        shown.matches("wallets/w/hotkeys/h: password: ").count(),
        2,
        "{shown}"
    );
    assert!(
        shown.contains("that is not the password; 2 more tries"),
        "{shown}"
    );
    assert!(shown.contains(&format!("mining as {address}")), "{shown}");
    assert!(
        !shown.contains("a guess") && !shown.contains(&password),
        "{shown}"
    );
    assert_eq!(session["shows"], true, "{session}");
}

/// As a shell has it of other commands; and who comes after sees again what they type.
#[test]
fn an_interrupt_at_the_password_ends_it_and_leaves_the_terminal_as_it_was() {
    let (file, password, _) = sealed();
    let folder = folder(&file);
    let mine = mine_w_h(folder.path());
    let mut check = command(folder.path());
    check.args(["mine", "--check", "--metagraph=m.json", "--data-dir=data"]);
    check.args([
        "--wallet.path=wallets",
        "--wallet.name=w",
        "--wallet.hotkey=h",
    ]);
    metagraph(folder.path());
    for (command, answers, code) in [
        (&mine, vec!["\u{3}"], 130),
        (&mine, vec!["half a gu\u{3}"], 130),
        (&mine, vec!["a guess", "\u{3}"], 130),
        (&check, vec!["\u{3}"], 130),
        (&mine, vec!["\u{4}"], 1),
    ] {
        let Some(session) = session(folder.path(), command, &answers) else {
            return;
        };
        assert_eq!(session["code"], code, "{session}");
        assert_eq!(session["shows"], true, "{session}");
        let shown = session["shown"].as_str().unwrap();
        assert!(
            !shown.contains("gu\u{3}") && !shown.contains("panicked"),
            "{shown}"
        );
        assert!(!shown.contains(&password), "{shown}");
    }
    assert!(!folder.path().join("data/ledger.sqlite").exists());
}
