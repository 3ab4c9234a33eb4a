//! All goldens of the reference's own code once more, made on the spot with other seeds.

use std::path::Path;
use std::process::Command;

#[test]
fn other_seeds_agree_too() {
    let named = ["SPLATSMITH_MODELS_PYTHON", "SPLATSMITH_TRELLIS"].map(std::env::var_os);
    let [Some(python), Some(checkout)] = named else {
        println!(
            "skipped: SPLATSMITH_MODELS_PYTHON and SPLATSMITH_TRELLIS name no Python and no checkout"
        );
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/make_trellis.py");
    let seeds = std::env::var("SPLATSMITH_MODELS_SEEDS").unwrap_or_else(|_| "7 20251".to_owned());
    for seed in seeds.split_whitespace() {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new(&python)
            .arg(&script)
            .arg("--trellis")
            .arg(&checkout)
            .arg("--into")
            .arg(folder.path())
            .args(["--seed", seed])
            .status();
        assert!(
            made.unwrap().success(),
            "make_trellis.py failed with seed {seed}"
        );
        let script = script.with_file_name("conditions.py");
        let made = Command::new(&python)
            .arg(script)
            .arg(&checkout)
            .arg(folder.path())
            .arg(seed)
            .status();
        assert!(
            made.unwrap().success(),
            "conditions.py failed with seed {seed}"
        );
        super::conditions::check(folder.path());
        super::more_networks::check(folder.path());
        super::sampling::check(folder.path());
        super::preparing::check(folder.path());
        super::pipeline::check(folder.path());
    }
}
