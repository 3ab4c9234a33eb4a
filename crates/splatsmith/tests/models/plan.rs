//! `splatsmith models plan` beside files that are here: of their sizes, and empty.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use models::store::{Manifest, Model, Source, WeightFile};
use serde_json::{Value, json};

use crate::common::{self, Run};

/// A commit for repositories that the manifest does not pin.
const COMMIT: &str = "0000000000000000000000000000000000000000";

/// Where the store looks for a file.
fn place(folder: &Path, model: &Model, file: &WeightFile) -> PathBuf {
    match &model.source {
        Source::Url(_) => folder.join("checkpoints").join(&file.path),
        Source::Hub { repo, revision } => {
            let repository = folder.join(format!("models--{}", repo.replace('/', "--")));
            if revision.is_none() {
                fs::create_dir_all(repository.join("refs")).unwrap();
                fs::write(repository.join("refs/main"), COMMIT).unwrap();
            }
            let commit = revision.as_deref().unwrap_or(COMMIT);
            repository.join("snapshots").join(commit).join(&file.path)
        }
    }
}

fn pipeline() -> String {
    let sampler = json!({
        "name": "FlowEulerGuidanceIntervalSampler", "args": {"sigma_min": 1e-5},
        "params": {"steps": 25, "cfg_strength": 5.0, "cfg_interval": [0.5, 1.0], "rescale_t": 3.0},
    });
    json!({"name": "TrellisImageTo3DPipeline", "args": {
        "models": {
            "sparse_structure_decoder": "ckpts/ss_dec_conv3d_16l8_fp16",
            "sparse_structure_flow_model": "ckpts/ss_flow_img_dit_L_16l8_fp16",
            "slat_decoder_gs": "ckpts/slat_dec_gs_swin8_B_64l8gs32_fp16",
            "slat_flow_model": "ckpts/slat_flow_img_dit_L_64l8p2_fp16",
        },
        "sparse_structure_sampler": sampler, "slat_sampler": sampler,
        "slat_normalization": {"mean": vec![0.0; 8], "std": vec![1.0; 8]},
        "image_cond_model": "dinov2_vitl14_reg",
    }})
    .to_string()
}

/// The index of safetensors that fill `size` bytes.
fn index(size: u64) -> Vec<u8> {
    let header = |bytes: u64| {
        json!({"x": {"dtype": "F32", "shape": [bytes / 4], "data_offsets": [0, bytes]}}).to_string()
    };
    let most = (size - 8) / 4 * 4;
    let bytes = (0..most / 4).map(|less| most - 4 * less);
    let bytes = bytes
        .into_iter()
        .find(|bytes| bytes + 8 + header(*bytes).len() as u64 <= size)
        .unwrap();
    let text = header(bytes);
    // Blanks are allowed behind it.
    let length = size - 8 - bytes;
    let mut index = length.to_le_bytes().to_vec();
    index.extend(text.as_bytes());
    index.resize(8 + length as usize, b' ');
    index
}

/// Lays out a model's files in their published sizes. They take up no room on the disk: all but their beginning
/// is a hole.
fn lay_out(folder: &Path, names: &[&str]) {
    let manifest = Manifest::built_in().unwrap();
    for name in names {
        let model = manifest.model(name).unwrap();
        for file in &model.files {
            let path = place(folder, model, file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let size = file.size.or(file.about).unwrap_or(100);
            let is_weights = path.extension().is_some_and(|kind| kind != "json");
            let begin = match file.path.as_str() {
                "pipeline.json" => pipeline().into_bytes(),
                _ if is_weights && size > 100 => index(size),
                _ => Vec::new(),
            };
            let mut laid_out = File::create(path).unwrap();
            laid_out.write_all(&begin).unwrap();
            let rest = usize::try_from(size).unwrap().saturating_sub(begin.len());
            if file.path == "pipeline.json" {
                laid_out.write_all(&vec![b' '; rest]).unwrap();
            }
            laid_out.set_len(size).unwrap();
        }
    }
}

fn plan(folder: &Path, arguments: &[&str]) -> Run {
    let folder_flag = format!("--models-dir={}", folder.join("models").display());
    let mut command = common::command(folder);
    command
        .args(["models", "plan", &folder_flag])
        .args(arguments);
    common::finished(&mut command)
}

/// The plan of a part: its bytes, and whether it is here.
fn part(json: &Value, name: &str) -> (u64, bool) {
    let parts = json["parts"].as_array().unwrap();
    let found = parts.iter().find(|part| part["part"] == name);
    let found = found.unwrap_or_else(|| panic!("{name}: {json}"));
    (
        found["bytes"].as_u64().unwrap(),
        found["here"].as_bool().unwrap(),
    )
}

const FLUX_Q8: [&str; 5] = [
    "flux-schnell-q8",
    "flux-autoencoder",
    "t5-xxl-q8",
    "t5-tokenizer",
    "clip-vit-l14",
];

#[test]
fn where_nothing_is_here_the_published_sizes_are_planned_with_and_marked() {
    let folder = tempfile::tempdir().unwrap();
    let run = plan(folder.path(), &["--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let json = run.json();
    assert_eq!(json["variant"], "FLUX q8, T5 q8");
    let parts = json["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 9, "{json}");
    assert!(parts.iter().all(|part| part["here"] == false), "{json}");
    assert_eq!(part(&json, "FLUX"), (12_687_821_728, false));
    assert_eq!(part(&json, "cut-out"), (444_473_596, false));
    let missing = json!([
        "trellis-image-large",
        "birefnet",
        "flux-schnell-q8",
        "t5-xxl-q8",
        "flux-autoencoder",
        "t5-tokenizer",
        "clip-vit-l14",
        "judge"
    ]);
    assert_eq!(json["missing"], missing);
    assert_eq!(json["classed_by"], "lexicon");
    let why = json["now"]["why"].as_str().unwrap();
    assert!(why.contains("models pull trellis-image-large"), "{why}");

    let run = plan(folder.path(), &[]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    let marks = run.stderr.matches("as published: not here").count();
    assert_eq!(marks, 9, "{}", run.stderr);
    assert!(
        run.stderr.contains("nothing can be generated yet"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_is_here_counts_as_its_files_do_and_is_what_generating_would_plan_with() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    lay_out(
        &models,
        &["trellis-image-large", "dinov2-vitl14-reg", "birefnet"],
    );
    let json = plan(folder.path(), &["--json"]).json();
    let (bytes, here) = part(&json, "structure networks");
    let published = 1_130_770_840 + 147_591_972;
    assert!(
        here && (published - 300..published).contains(&bytes),
        "{bytes}"
    );
    assert_eq!(part(&json, "FLUX"), (12_687_821_728, false));
    // Without FLUX only pictures can be asked for.
    let parts = json["now"]["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 5, "{json}");
    assert!(parts.iter().all(|part| part["here"] == true), "{json}");
    assert_eq!(json["now"]["variant"], Value::Null);
    let words = plan(folder.path(), &[]).stderr;
    assert!(
        words.contains("with what is here images can be asked for"),
        "{words}"
    );

    lay_out(&models, &FLUX_Q8);
    // Another size than the published one is not known of it.
    let t5 = models.join("models--city96--t5-v1_1-xxl-encoder-gguf/snapshots");
    let t5 = t5.join(COMMIT).join("t5-v1_1-xxl-encoder-Q8_0.gguf");
    File::options()
        .write(true)
        .open(&t5)
        .unwrap()
        .set_len(5_100_000_123)
        .unwrap();
    let whole = plan(folder.path(), &["--json", "--no-validation"]).json();
    assert_eq!(whole["missing"], json!([]), "{whole}");
    assert_eq!(whole["now"], Value::Null, "it is the plan itself");
    assert_eq!(whole["variant"], "FLUX q8, T5 q8");
    assert_eq!(part(&whole, "T5"), (5_100_000_123, true));
    assert_eq!(whole["classed_by"], "clip");
    // The judge is the only part that is not here.
    let judged = plan(folder.path(), &["--json"]).json();
    assert_eq!(judged["missing"], json!(["judge"]));
    assert_eq!(part(&judged, "judge"), (2_300_000_000, false));
    assert_eq!(judged["now"]["parts"], whole["parts"]);
    assert_eq!(judged["now"]["peak"], whole["peak"]);

    // The better form is taken where there is room for it.
    lay_out(&models, &["flux-schnell"]);
    let large = plan(folder.path(), &["--json", "--vram=80"]).json();
    assert_eq!(large["variant"], "FLUX bf16, T5 q8");
    let small = plan(folder.path(), &["--json", "--vram=24"]).json();
    assert_eq!(small["variant"], "FLUX q8, T5 q8");
}

#[test]
fn a_part_of_flux_is_completed_by_what_belongs_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    lay_out(&models, &["flux-schnell-q4", "clip-vit-l14"]);
    let json = plan(folder.path(), &["--json", "--vram=80", "--no-validation"]).json();
    assert_eq!(json["variant"], "FLUX q4, T5 q5");
    assert!(part(&json, "FLUX").1);
    assert_eq!(part(&json, "T5"), (3_387_000_000, false));
    let missing = json["missing"].as_array().unwrap();
    for (name, is_missing) in [
        ("flux-schnell-q4", false),
        ("clip-vit-l14", false),
        ("t5-xxl-q5", true),
        ("flux-autoencoder", true),
    ] {
        assert_eq!(missing.contains(&name.into()), is_missing, "{name}: {json}");
    }
    assert_eq!(json["classed_by"], "clip");
    let images = plan(folder.path(), &["--json", "--images-only"]).json();
    assert_eq!(images["variant"], Value::Null);
    assert_eq!(images["parts"].as_array().unwrap().len(), 6, "{images}");
}

#[test]
fn what_cuts_out_is_what_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("models");
    lay_out(
        &models,
        &["trellis-image-large", "dinov2-vitl14-reg", "birefnet"],
    );
    let args = ["--json", "--images-only", "--no-validation"];
    let with = |cutout: &str| plan(folder.path(), &[&args[..], &[cutout]].concat());
    let json = with("--cutout=birefnet").json();
    assert_eq!(json["missing"], json!([]));
    let json = with("--cutout=rmbg-2.0").json();
    assert_eq!(json["missing"], json!(["rmbg-2.0"]));
    let why = json["now"]["why"].as_str().unwrap();
    assert!(why.contains("models pull rmbg-2.0"), "{why}");
    fs::write(folder.path().join("isnet.onnx"), "").unwrap();
    // It works on the host.
    let json = with("--cutout=isnet.onnx").json();
    assert_eq!(json["parts"].as_array().unwrap().len(), 4, "{json}");
    with("--cutout=scissors").refused(1);
    with("--cutout=none.onnx").refused(1);
}

#[test]
fn what_does_not_fit_or_is_no_card_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let small = plan(folder.path(), &["--vram=3"]);
    assert_eq!(small.code, 1, "{}", small.stderr);
    assert!(small.stderr.contains("it does not fit"), "{}", small.stderr);
    let json = plan(folder.path(), &["--vram=3", "--json"]);
    assert_eq!((json.code, &json.json()["fits"]), (1, &Value::Bool(false)));
    for odd in ["--vram=0", "--vram=1025"] {
        plan(folder.path(), &[odd]).refused(2);
    }
    assert_eq!(plan(folder.path(), &["--vram=many"]).code, 2);
    plan(folder.path(), &["--trellis.folder=none"]).refused(1);
}
