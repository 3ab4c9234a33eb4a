//! The whole score, from a cloud to the number, against the validator's own packages on small
//! networks (`goldens/score.py`), and its arithmetic alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

// Shared with the goldens of `models`, which use more of it.
#[allow(dead_code)]
#[path = "../../models/tests/goldens/formula.rs"]
mod formula;
#[allow(dead_code)]
#[path = "../../models/tests/goldens/device.rs"]
mod place;
mod small;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use judge::{
    Assessment, Judge, JudgeConfig, Part, Policy, Prompt, final_score, image_alignment, likeness,
    text_alignment,
};
use models::Scorer;
use models::scorer::{NotReady, TextAlignment};
use serde::Deserialize;
use splat::Cloud;

/// What `goldens/score.py` writes.
#[derive(Deserialize)]
struct Golden {
    seed: u64,
    iqa: f64,
    ssim: f64,
    lpips: f64,
    texts: Vec<TextScore>,
    image: ImageScore,
    means: Vec<Means>,
    scores: Vec<Final>,
}

#[derive(Deserialize)]
struct TextScore {
    prompt: String,
    alignment: f64,
    clip: f64,
    score: f64,
}

#[derive(Deserialize)]
struct ImageScore {
    alignment: f64,
    score: f64,
}

#[derive(Deserialize)]
struct Means {
    values: Vec<serde_json::Value>,
    text: Option<f64>,
    image: Option<f64>,
    likeness: Option<f64>,
}

#[derive(Deserialize)]
struct Final {
    parts: [f64; 4],
    score: f64,
}

fn kept() -> Golden {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/score.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn torus() -> Cloud {
    splat::ply::read(include_bytes!("../../render/tests/data/torus.ply")).unwrap()
}

fn judge(scorer: Scorer) -> Judge {
    Judge::with_scorer(JudgeConfig::default(), Arc::new(scorer))
}

fn near(name: &str, found: Option<f64>, expected: f64, within: f64) {
    println!("{name}: {found:?} for {expected}");
    let found = found.unwrap_or_else(|| panic!("{name} is not scored"));
    assert!(
        (found - expected).abs() < within,
        "{name}: {found} for {expected}"
    );
}

/// Every part within 1e-3, the score within 2e-3.
fn compare(golden: &Golden) {
    let scorer = small::scorer(golden.seed);
    let text = small::text(golden.seed);
    compare_within(1e-3, golden, scorer, text);
}

/// Every part as near as that, the score twice as far.
fn compare_within(
    bar: f64,
    golden: &Golden,
    scorer: Scorer,
    text: Result<TextAlignment, NotReady>,
) {
    let judge = judge(scorer);
    let cloud = torus();
    let shared = |assessment: &Assessment| {
        let parts = assessment.verdict.parts;
        near("iqa", parts.iqa.value(), golden.iqa, bar);
        near("ssim", parts.ssim.value(), golden.ssim, bar);
        near("lpips", parts.lpips.value(), golden.lpips, bar);
        assert_eq!(assessment.verdict.not_scored, []);
    };
    let first = &golden.texts[0];
    let assessment = judge.assess(&cloud, &Prompt::Text(first.prompt.clone()));
    shared(&assessment);
    near("score", assessment.verdict.score, first.score, 2.0 * bar);
    near(
        "clip",
        assessment.verdict.parts.clip.value(),
        first.clip,
        bar,
    );
    let took: Vec<&str> = assessment
        .timings
        .iter()
        .map(|timing| timing.part)
        .collect();
    assert_eq!(took, ["views", "ssim", "iqa", "alignment", "lpips", "clip"]);
    // The other prompts need only what reads the prompt.
    let only = self::judge(Scorer {
        text,
        device: place::device(),
        ..Scorer::absent("not asked")
    });
    for text in &golden.texts {
        let prompt = Prompt::Text(text.prompt.clone());
        let parts = only.score(&assessment.views, &prompt);
        let alignment = parts.alignment.value();
        near(
            &format!("alignment with {:?}", text.prompt),
            alignment,
            text.alignment,
            bar,
        );
        let score = final_score(golden.iqa, alignment.unwrap(), golden.ssim, golden.lpips);
        near("score", Some(score), text.score, 2.0 * bar);
    }
    let with_picture = judge.assess(&cloud, &Prompt::Image(small::prompt_picture().into()));
    shared(&with_picture);
    let parts = with_picture.verdict.parts;
    near(
        "alignment with a picture",
        parts.alignment.value(),
        golden.image.alignment,
        bar,
    );
    near(
        "score",
        with_picture.verdict.score,
        golden.image.score,
        2.0 * bar,
    );
}

#[test]
fn the_score_is_the_validators() {
    compare(&kept());
}

/// As it is taken on a GPU, where the large networks run in `f16`, as the validator's do.
#[test]
fn the_score_in_half_precision_is_near() {
    if std::env::var_os("SPLATSMITH_TEST_DEVICE").is_none() {
        println!("skipped: no GPU, and on a CPU half precision takes minutes");
        return;
    }
    let golden = kept();
    let scorer = small::narrow(golden.seed);
    let text = scorer.text.clone();
    compare_within(5e-3, &golden, scorer, text);
}

/// Draws the views anew and has the validator's packages score them with other seeds.
#[test]
fn other_seeds_agree_too() {
    let Some(python) = std::env::var_os("SPLATSMITH_SCORE_PYTHON") else {
        println!("skipped: SPLATSMITH_SCORE_PYTHON names no Python");
        return;
    };
    let seeds = std::env::var("SPLATSMITH_SCORE_SEEDS").unwrap_or_else(|_| "404 8".to_owned());
    let folder = tempfile::tempdir().unwrap();
    small::write_pictures(folder.path(), &torus());
    for seed in seeds.split_whitespace() {
        let out: PathBuf = folder.path().join(format!("{seed}.json"));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/score.py");
        let made = Command::new(&python)
            .arg(script)
            .args([folder.path().as_os_str(), seed.as_ref(), out.as_os_str()])
            .status();
        assert!(made.unwrap().success(), "score.py failed with seed {seed}");
        if let Some(keep) = std::env::var_os("SPLATSMITH_SCORE_KEEP").filter(|_| seed == "404") {
            std::fs::copy(&out, keep).unwrap();
        }
        let golden: Golden = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
        compare(&golden);
        arithmetic(&golden);
    }
}

/// Filters and means decide as the validator's, ties and nonsense included; what is left is rounding.
fn arithmetic(golden: &Golden) {
    let agree = |name: &str, values: &[f32], found: Option<f64>, expected: Option<f64>| {
        let same = match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() < 2e-6,
            (None, None) => true,
            _ => false,
        };
        assert!(same, "{name} of {values:?}: {found:?} for {expected:?}");
    };
    for case in &golden.means {
        let number = |value: &serde_json::Value| match value {
            serde_json::Value::Null => f32::NAN,
            serde_json::Value::String(_) => f32::INFINITY,
            value => value.as_f64().unwrap() as f32,
        };
        let values: Vec<f32> = case.values.iter().map(number).collect();
        agree("text", &values, text_alignment(&values), case.text);
        agree("image", &values, image_alignment(&values), case.image);
        agree("likeness", &values, likeness(&values), case.likeness);
    }
    for case in &golden.scores {
        let [iqa, alignment, ssim, lpips] = case.parts;
        let found = final_score(iqa, alignment, ssim, lpips);
        assert!(
            (found - case.score).abs() < 2e-7,
            "{:?}: {found} for {}",
            case.parts,
            case.score
        );
    }
}

#[test]
fn filter_and_formula_are_the_validators() {
    let golden = kept();
    assert!(golden.means.len() > 60 && golden.scores.len() > 40);
    arithmetic(&golden);
}

#[test]
fn what_is_missing_is_said_and_nothing_made_up() {
    let why = "quality_scorer.safetensors is not here; get it with `splatsmith models pull`";
    let scorer = Scorer {
        text: small::text(404),
        device: place::device(),
        ..Scorer::absent(why)
    };
    let prompt = Prompt::Text("a wooden chair with a carved back".into());
    let verdict = judge(scorer).assess(&torus(), &prompt).verdict;
    assert_eq!((verdict.score, verdict.pass), (None, false));
    assert_eq!(verdict.parts.iqa, Part::NotScored);
    assert!(verdict.parts.alignment.value().is_some() && verdict.parts.ssim.value().is_some());
    let missing: Vec<&str> = verdict
        .not_scored
        .iter()
        .map(|missing| missing.part)
        .collect();
    assert_eq!(missing, ["iqa", "lpips", "clip"]);
    assert!(verdict.not_scored.iter().all(|missing| missing.why == why));
    assert!(verdict.to_string().contains(why), "{verdict}");
    assert!(verdict.summary().contains("iqa"), "{}", verdict.summary());
    let json = serde_json::to_value(&verdict).unwrap();
    assert!(json["score"].is_null() && json["parts"]["iqa"].is_null());
    assert_eq!(json["not_scored"][0]["part"], "iqa");
}

#[test]
fn a_prompt_picture_that_cannot_be_read_is_not_scored() {
    let broken = Prompt::Image(b"\x89PNG\r\n\x1a\nbroken"[..].into());
    let verdict = judge(small::scorer(404)).assess(&torus(), &broken).verdict;
    assert_eq!((verdict.score, verdict.pass), (None, false));
    let parts: Vec<&str> = verdict
        .not_scored
        .iter()
        .map(|missing| missing.part)
        .collect();
    assert_eq!(parts, ["alignment", "clip"]);
    assert!(verdict.not_scored[0].why.contains("prompt picture"));
}

#[test]
fn a_refused_cloud_costs_no_network() {
    let few: Cloud = torus().iter().take(6999).collect();
    let assessment = judge(small::scorer(404)).assess(&few, &Prompt::Text("a torus".into()));
    assert_eq!(assessment.verdict.score, Some(0.0));
    assert!(!assessment.verdict.pass);
    assert_eq!(assessment.verdict.parts.iqa, Part::NotScored);
    let took: Vec<&str> = assessment
        .timings
        .iter()
        .map(|timing| timing.part)
        .collect();
    assert_eq!(took, ["views", "ssim"]);
}

/// The score and the CLIP cosine of the golden's third prompt, with each policy: the torus has 12,200
/// splats.
#[test]
fn score_screening_or_both_decide() {
    let prompt = Prompt::Text("a wooden chair with a carved back".into());
    let whole = Arc::new(small::scorer(404));
    let gate_alone = Arc::new(Scorer {
        gate: small::gate(404),
        device: place::device(),
        ..Scorer::absent("not asked")
    });
    let decide = |scorer: &Arc<Scorer>, policy, clip_threshold, splat_floor| {
        let config = JudgeConfig {
            score_threshold: 0.6,
            clip_threshold,
            splat_floor,
            policy,
        };
        let judge = Judge::with_scorer(config, Arc::clone(scorer));
        judge.assess(&torus(), &prompt).verdict
    };
    let by_score = decide(&whole, Policy::Score, 0.9, 150_000);
    assert!(by_score.pass, "{by_score}");
    let warned: Vec<_> = by_score
        .warnings
        .iter()
        .map(|gate| (gate.name, gate.pass))
        .collect();
    assert_eq!(warned, [("splat_floor", false), ("clip_cosine", false)]);
    assert!(
        by_score.to_string().contains("warn  splat_floor"),
        "{by_score}"
    );
    let by_screening = decide(&gate_alone, Policy::Screening, -1.0, 12_000);
    assert!(
        by_screening.pass && by_screening.warnings.is_empty(),
        "{by_screening}"
    );
    assert_eq!(by_screening.score, None);
    let by_both = decide(&gate_alone, Policy::Both, 0.9, 12_000);
    assert_eq!(by_both.failed_gate().unwrap().name, "clip_cosine");
    assert!(!by_both.pass);
    let no_score = decide(&gate_alone, Policy::Both, -1.0, 12_000);
    assert!(
        !no_score.pass && no_score.failed_gate().is_none(),
        "{no_score}"
    );
}

/// What a whole judgement of words costs at full size, with weights from the formula: `cargo test -p
/// judge --test score -- --ignored --nocapture`. Takes 4 GB and half a minute.
#[test]
#[ignore = "takes 4 GB"]
fn full_size_networks_are_timed() {
    let judge = judge(small::full_size(404));
    let prompt = Prompt::Text("a wooden chair with a carved back".into());
    for turn in 0..2 {
        let assessment = judge.assess(&torus(), &prompt);
        for timing in &assessment.timings {
            println!("{turn}: {:10} {:?}", timing.part, timing.took);
        }
        assert_eq!(assessment.verdict.not_scored, []);
        assert!(assessment.verdict.score.is_some());
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!(
        "{}",
        status
            .lines()
            .find(|line| line.starts_with("VmHWM"))
            .unwrap_or_default()
    );
}
