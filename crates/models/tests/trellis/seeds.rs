//! All goldens of the reference's own code once more, made on the spot: with other seeds, and as wide as the
//! published networks.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

/// The Python to run, and the checkout of the reference; `None` unless both are named.
fn tools() -> Option<[OsString; 2]> {
    let named = ["SPLATSMITH_MODELS_PYTHON", "SPLATSMITH_TRELLIS"].map(std::env::var_os);
    if let [Some(python), Some(checkout)] = named {
        return Some([python, checkout]);
    }
    println!(
        "skipped: SPLATSMITH_MODELS_PYTHON and SPLATSMITH_TRELLIS name no Python and no checkout"
    );
    None
}

/// Runs a script of `../goldens`.
fn make<'a>(python: &OsStr, script: &str, arguments: impl IntoIterator<Item = &'a OsStr>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens");
    let mut command = Command::new(python);
    command.arg(folder.join(script)).args(arguments);
    let made = command.status().unwrap();
    assert!(made.success(), "{command:?} failed");
}

#[test]
fn other_seeds_agree_too() {
    let Some([python, checkout]) = tools() else {
        return;
    };
    let seeds = std::env::var("SPLATSMITH_MODELS_SEEDS").unwrap_or_else(|_| "7 20251".to_owned());
    for seed in seeds.split_whitespace().map(OsStr::new) {
        let folder = tempfile::tempdir().unwrap();
        let (into, folder) = (folder.path().as_os_str(), folder.path());
        let [from_flag, into_flag, seed_flag] = ["--trellis", "--into", "--seed"].map(OsStr::new);
        let arguments = [from_flag, &checkout, into_flag, into, seed_flag, seed];
        make(&python, "make_trellis.py", arguments);
        make(&python, "conditions.py", [&checkout, into, seed]);
        super::conditions::check(folder);
        super::more_networks::check(folder);
        super::sampling::check(folder);
        super::preparing::check(folder);
        super::pipeline::check(folder);
    }
}

/// `SPLATSMITH_TRELLIS=… SPLATSMITH_MODELS_PYTHON=… cargo test -p models --test trellis full -- --ignored`
#[test]
#[ignore = "takes minutes and 3 GB"]
fn networks_of_full_width_agree_too() {
    let Some([python, checkout]) = tools() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().as_os_str();
    let [from_flag, into_flag, full] = ["--trellis", "--into", "--full"].map(OsStr::new);
    let arguments = [from_flag, &checkout, into_flag, into, full];
    make(&python, "make_trellis.py", arguments);
    super::more_networks::check_full(folder.path());
}
