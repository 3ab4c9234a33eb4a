//! All goldens once more, made on the spot with other seeds.

use std::path::Path;
use std::process::Command;

#[test]
fn other_seeds_agree_too() {
    let Some(python) = std::env::var_os("SPLATSMITH_MODELS_PYTHON") else {
        println!("skipped: SPLATSMITH_MODELS_PYTHON names no Python");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/make.py");
    let seeds = std::env::var("SPLATSMITH_MODELS_SEEDS").unwrap_or_else(|_| "7 20251".to_owned());
    for seed in seeds.split_whitespace() {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new(&python)
            .arg(&script)
            .arg(folder.path())
            .arg(seed)
            .status();
        assert!(made.unwrap().success(), "make.py failed with seed {seed}");
        super::clip::check(folder.path());
        super::convnext::check(folder.path());
        super::dinov2::check(folder.path());
        super::lpips::check(folder.path());
        super::resize::check(folder.path());
        super::tokenizer::check(folder.path());
    }
}
