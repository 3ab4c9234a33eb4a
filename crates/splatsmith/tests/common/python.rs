//! Pythons and a Node with the official packages, for the tests against them.

#![allow(dead_code)] // Each test binary uses its own part.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::Run;

/// A Python with the SDK, or `None` where none can be had and none is required.
pub(crate) fn sdk() -> Option<PathBuf> {
    match std::env::var_os("SPLATSMITH_INTEROP_PYTHON") {
        Some(named) => Some(named.into()),
        None => prepared("prepare", "interop-venv", None),
    }
}

/// A Python with the official wallet package of a version, or `None` as for [`sdk`].
pub(crate) fn wallet(version: &str) -> Option<PathBuf> {
    let list = format!("wallet-{version}.txt");
    prepared("prepare", &format!("wallet-{version}-venv"), Some(&list))
}

/// A Python with gsply, or `None` as for [`sdk`].
pub(crate) fn gsply() -> Option<PathBuf> {
    prepared("prepare", "gsply-venv", Some("gsply.txt"))
}

/// The folder Node finds its packages in, or `None` as for [`sdk`].
pub(crate) fn node_modules() -> Option<PathBuf> {
    prepared("prepare-node", "interop-node", None)
}

/// Has a script of `tests/interop` prepare a folder beside the build.
fn prepared(preparation: &str, folder: &str, list: Option<&str>) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name(folder);
    let made = Command::new(script(preparation))
        .arg(folder)
        .args(list)
        .output();
    let reason = match made {
        Ok(output) if output.status.success() => {
            let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            return Some(path.into());
        }
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    let required = std::env::var_os("SPLATSMITH_INTEROP_REQUIRED").is_some();
    assert!(!required, "the official package cannot be had: {reason}");
    println!("skipped: the official package cannot be had: {reason}");
    None
}

/// A file in `tests/interop`.
pub(crate) fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/interop")
        .join(name)
}

/// The JSON that a script prints last.
pub(crate) fn json_of(run: &Run) -> serde_json::Value {
    let last = run.stdout.trim_end().lines().last().unwrap_or_default();
    serde_json::from_str(last)
        .unwrap_or_else(|error| panic!("{error} in {:?}\n{}", run.stdout, run.stderr))
}
