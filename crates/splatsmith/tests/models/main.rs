//! `splatsmith models` from outside, against a hub on this machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../models/tests/store/hub.rs"]
mod hub;
mod plan;

use std::path::Path;

use common::Run;
use hub::{Hub, content, sha256};

/// A model of the manifest whose file's hash nobody has published.
const UNKNOWN: &str = "quality-scorer";
const ITS_FILE: &str = "404-Gen/validation/quality_scorer.safetensors";

/// One whose hash is known.
const KNOWN: &str = "birefnet";

/// Runs `splatsmith models …` with everything below `folder` and the hub for Hugging Face's.
fn models(folder: &Path, hub: &Hub, arguments: &[&str]) -> Run {
    let mut command = common::command(folder);
    for variable in [
        "HF_TOKEN",
        "HF_HUB_OFFLINE",
        "HF_HUB_CACHE",
        "TORCH_HOME",
        "XDG_CACHE_HOME",
        "HF_TOKEN_PATH",
    ] {
        command.env_remove(variable);
    }
    command
        .env("HF_ENDPOINT", hub.endpoint())
        .env("HF_HOME", folder.join("hf"))
        .env("NO_PROXY", "*")
        .arg("models")
        .args(arguments)
        .output()
        .expect("the command starts")
        .into()
}

fn filled() -> Hub {
    let hub = Hub::new();
    hub.put(ITS_FILE, &content(20_000));
    hub.put("ZhengPeng7/BiRefNet/model.safetensors", &content(20_000));
    hub
}

/// How many lines say what went wrong.
fn errors(run: &Run) -> Vec<&str> {
    run.stderr
        .lines()
        .filter(|line| line.starts_with("error: "))
        .collect()
}

#[test]
fn the_list_shows_terms_and_what_is_here() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    let listed = models(folder.path(), &hub, &["list"]);
    assert_eq!((listed.code, listed.stdout.as_str()), (0, ""));
    for word in [
        "rmbg-2.0",
        "CC-BY-NC-4.0",
        "commercial",
        "missing",
        "splatsmith models pull judge",
    ] {
        assert!(listed.stderr.contains(word), "{word}: {}", listed.stderr);
    }
    let json = models(folder.path(), &hub, &["list", "judge", "--json"]).json();
    let all = json["models"].as_array().unwrap();
    let named = |name: &str| all.iter().find(|model| model["name"] == name);
    assert!(named("rmbg-2.0").is_none() && named("birefnet").is_none());
    let clip = named("clip-vit-l14").unwrap();
    assert_eq!(clip["licence"], "MIT");
    assert_eq!(
        (&clip["commercial"], &clip["state"]),
        (&"yes".into(), &"missing".into())
    );
    assert_eq!(clip["files"][0]["size"], 1_710_540_580_u64);
    assert_eq!(clip["files"][0]["vouched"], true);
    assert!(named(UNKNOWN).unwrap()["files"][0]["sha256"].is_null());
    assert_eq!(hub.asked(), [], "listing needs no network");
}

#[test]
fn a_pull_shows_the_licence_and_is_remembered() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    let pulled = models(folder.path(), &hub, &["pull", UNKNOWN, "--json"]);
    assert_eq!(pulled.code, 0, "{}", pulled.stderr);
    assert!(
        pulled.stderr.contains(
            "licence not stated, commercial use unstated, https://huggingface.co/404-Gen/validation"
        ),
        "{}",
        pulled.stderr
    );
    assert!(
        pulled.stderr.contains("trusted from now on"),
        "{}",
        pulled.stderr
    );
    let report = pulled.json();
    let file = &report["files"][0];
    assert_eq!(
        (&file["outcome"], &file["vouched"]),
        (&"fetched".into(), &false.into())
    );
    assert_eq!(file["sha256"], sha256(&content(20_000)));
    assert!(folder.path().join("hf/splatsmith.lock").is_file());
    assert!(
        Path::new(file["location"].as_str().unwrap())
            .starts_with(folder.path().join("hf/hub/models--404-Gen--validation"))
    );

    hub.asked();
    let again = models(
        folder.path(),
        &hub,
        &["pull", UNKNOWN, "--offline", "--json"],
    );
    assert_eq!(again.json()["files"][0]["outcome"], "here");
    assert!(!again.stderr.contains("licence"), "{}", again.stderr);
    assert_eq!(hub.asked(), []);
    let listed = models(folder.path(), &hub, &["list", UNKNOWN, "--json"]).json();
    assert_eq!(listed["models"][0]["state"], "present");
}

#[test]
fn damage_is_a_line_per_file_and_a_pull_mends_it() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    let pulled = models(folder.path(), &hub, &["pull", UNKNOWN, "--json"]).json();
    let path = pulled["files"][0]["location"].as_str().unwrap().to_owned();
    assert_eq!(models(folder.path(), &hub, &["verify"]).code, 0);

    let mut bytes = content(20_000);
    bytes[99] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let bad = models(folder.path(), &hub, &["verify", "--json"]);
    assert_eq!((bad.code, errors(&bad).len()), (1, 1), "{}", bad.stderr);
    let words = [
        sha256(&content(20_000)),
        format!("`splatsmith models pull {UNKNOWN}`"),
        path.clone(),
    ];
    assert!(
        words.iter().all(|word| errors(&bad)[0].contains(word)),
        "{}",
        bad.stderr
    );
    let report = bad.json();
    assert_eq!(report["bad"], 1);
    assert!(
        report["files"]
            .as_array()
            .unwrap()
            .iter()
            .any(|file| file["finding"] == "wrong_hash")
    );

    std::fs::write(&path, &bytes[..10]).unwrap();
    let listed = models(folder.path(), &hub, &["list", UNKNOWN, "--json"]).json();
    assert_eq!(listed["models"][0]["state"], "damaged");
    assert_eq!(models(folder.path(), &hub, &["pull", UNKNOWN]).code, 0);
    assert_eq!(models(folder.path(), &hub, &["verify", UNKNOWN]).code, 0);
}

#[test]
fn what_is_missing_fails_only_where_it_was_asked_for() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    assert_eq!(models(folder.path(), &hub, &["verify"]).code, 0);
    let named = models(folder.path(), &hub, &["verify", UNKNOWN]);
    assert_eq!(errors(&named).len(), 1, "{}", named.stderr);
    assert!(
        errors(&named)[0].contains("not here; get it with `splatsmith models pull quality-scorer`")
    );
    models(folder.path(), &hub, &["pull", UNKNOWN, "--offline"]).refused(1);
    assert_eq!(hub.asked(), []);
}

#[test]
fn another_file_than_the_published_one_is_refused() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    let refused = models(folder.path(), &hub, &["pull", KNOWN]);
    refused.refused(1);
    assert!(
        refused
            .stderr
            .contains("20000 bytes where 444473596 are expected"),
        "{}",
        refused.stderr
    );
}

#[test]
fn non_commercial_weights_need_consent() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    let refused = models(folder.path(), &hub, &["pull", "rmbg-2.0"]);
    refused.refused(2);
    assert!(
        refused.stderr.contains("--accept-non-commercial")
            && refused.stderr.contains("CC-BY-NC-4.0"),
        "{}",
        refused.stderr
    );
    assert_eq!(hub.asked(), []);
    // With consent it is asked for; this hub does not have it.
    let asked = models(
        folder.path(),
        &hub,
        &["pull", "rmbg-2.0", "--accept-non-commercial"],
    );
    asked.refused(1);
    assert!(
        asked.stderr.contains("commercial use no") && asked.stderr.contains("has no such file"),
        "{}",
        asked.stderr
    );
}

#[test]
fn every_unusable_word_is_named_at_once() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    let refused = models(
        folder.path(),
        &hub,
        &["pull", "nonsense", "folly", "--parallel", "0"],
    );
    assert_eq!(
        (refused.code, errors(&refused).len()),
        (2, 3),
        "{}",
        refused.stderr
    );
    let refused: Run = common::command(folder.path())
        .env("HF_ENDPOINT", "hub")
        .args(["models", "pull", UNKNOWN])
        .output()
        .unwrap()
        .into();
    refused.refused(2);
    assert_eq!(models(folder.path(), &hub, &["pull"]).code, 2);
}

#[test]
fn a_folder_of_one_s_own_holds_everything() {
    let (hub, folder) = (filled(), tempfile::tempdir().unwrap());
    let own = folder.path().join("own");
    let arguments = ["pull", UNKNOWN, "--models-dir", own.to_str().unwrap()];
    assert_eq!(models(folder.path(), &hub, &arguments).code, 0);
    assert!(own.join("models--404-Gen--validation/snapshots").is_dir());
    assert!(own.join("splatsmith.lock").is_file());
    assert!(!folder.path().join("hf").exists());
    // A relative folder holds from wherever it is looked at.
    assert_eq!(
        models(
            folder.path(),
            &hub,
            &["verify", UNKNOWN, "--models-dir", "own"]
        )
        .code,
        0
    );
}

/// The table an operator begins with, changed and read again.
#[test]
fn the_table_of_categories_is_printed_as_it_can_be_read() {
    let (folder, hub) = (tempfile::tempdir().unwrap(), Hub::new());
    let run = |arguments: &[&str]| models(folder.path(), &hub, arguments);
    let printed = run(&["categories"]);
    assert_eq!(printed.code, 0, "{}", printed.stderr);
    let changed = printed
        .stdout
        .replacen("candidates = 1", "candidates = 3", 1);
    assert_ne!(changed, printed.stdout);
    std::fs::write(folder.path().join("mine.toml"), &changed).unwrap();
    let again = run(&["categories", "--categories=mine.toml"]);
    assert_eq!(again.stdout, changed);
    let json = run(&["categories", "--categories=mine.toml", "--json"]).json();
    assert_eq!(json["robots"]["candidates"], 3);
    assert_eq!(json["animals"]["structure"]["steps"], 12);

    let wrong = "[gems]\nmost_holes = 2\n[plants]\nimage_steps = 'four'\n[robot]\n";
    std::fs::write(folder.path().join("mine.toml"), wrong).unwrap();
    let refused = run(&["categories", "--categories=mine.toml"]);
    assert_eq!(refused.code, 2);
    let lines = errors(&refused);
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, place) in lines
        .iter()
        .zip(["gems.most_holes", "plants.image_steps", "robot"])
    {
        assert!(line.contains("mine.toml") && line.contains(place), "{line}");
    }
    std::fs::write(folder.path().join("mine.toml"), "[all]\nx =").unwrap();
    let refused = run(&["categories", "--categories=mine.toml"]);
    assert_eq!((refused.code, errors(&refused).len()), (2, 1));
    assert!(refused.stderr.contains("line 2"), "{}", refused.stderr);
    assert_eq!(run(&["categories", "--categories=none.toml"]).code, 2);
}
