//! Weights that came half, or are something else: one line that says which file and what of it, and no more
//! memory than the file has.

use std::path::{Path, PathBuf};

use crate::common::Run;
use crate::{disc, generate, goldens, paint, pipeline, write};

/// A GGUF of `tensors` tensors and `values` values, and what follows.
fn gguf(version: u32, tensors: u64, values: u64, rest: &[u8]) -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend(tensors.to_le_bytes());
    bytes.extend(values.to_le_bytes());
    bytes.extend(rest);
    bytes
}

/// One tensor of a GGUF: of these dimensions, of ggml's type `kind`.
fn tensor(name: &str, dimensions: &[u64], kind: u32) -> Vec<u8> {
    let mut bytes = (name.len() as u64).to_le_bytes().to_vec();
    bytes.extend(name.as_bytes());
    bytes.extend((dimensions.len() as u32).to_le_bytes());
    for size in dimensions {
        bytes.extend(size.to_le_bytes());
    }
    bytes.extend(kind.to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    bytes
}

/// What a file of safetensors may look like that is none, and what is said of it.
fn broken_safetensors(whole: &[u8]) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let mut claims = whole.to_vec();
    claims[..8].copy_from_slice(&(1_u64 << 60).to_le_bytes());
    let beyond = r#"{"x":{"dtype":"F32","shape":[1152921504606846976],"data_offsets":[0,4611686018427387904]}}"#;
    let mut promises = (beyond.len() as u64).to_le_bytes().to_vec();
    promises.extend(beyond.as_bytes());
    vec![
        ("empty", Vec::new(), "it is empty"),
        (
            "five bytes",
            whole[..5].to_vec(),
            "neither safetensors nor GGUF",
        ),
        ("half an index", whole[..20].to_vec(), "its index claims"),
        (
            "half its data",
            whole[..whole.len() / 2].to_vec(),
            "bytes long where",
        ),
        (
            "an index of 2^60 bytes",
            claims,
            "its index claims 1152921504606846976 bytes",
        ),
        (
            "a tensor of 2^62 bytes",
            promises,
            "its index cannot be read",
        ),
        (
            "a page of a website",
            b"<!DOCTYPE html><html>not found</html>".to_vec(),
            "neither safetensors nor GGUF",
        ),
        (
            "a pointer",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n".to_vec(),
            "neither safetensors nor GGUF",
        ),
    ]
}

fn broken_gguf() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    vec![
        (
            "another magic",
            b"GGML\x03\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
            "neither safetensors nor GGUF",
        ),
        ("another version", gguf(9, 0, 0, &[]), "version 9"),
        (
            "2^60 tensors",
            gguf(3, 1 << 60, 0, &[]),
            "claims 1152921504606846976 tensors",
        ),
        ("2^60 values", gguf(3, 1, 1 << 60, &[]), "it ends too early"),
        (
            "a name of 2^60 bytes",
            gguf(3, 1, 0, &(1_u64 << 60).to_le_bytes()),
            "a name of",
        ),
        (
            "half an index",
            gguf(3, 2, 0, &tensor("x", &[32], 8)),
            "it ends too early",
        ),
        (
            "another quantisation",
            gguf(3, 1, 0, &tensor("x", &[256], 99)),
            "ggml's type 99",
        ),
        (
            "2^60 elements",
            gguf(3, 1, 0, &tensor("x", &[1 << 60], 8)),
            "beyond the end",
        ),
        (
            "2^126 elements",
            gguf(3, 1, 0, &tensor("x", &[1 << 63, 1 << 63], 0)),
            "beyond the end",
        ),
        (
            "nothing but an index",
            gguf(3, 0, 0, &[]),
            "it holds no tensor",
        ),
    ]
}

struct House {
    folder: tempfile::TempDir,
    trellis: PathBuf,
    flux: PathBuf,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let trellis = pipeline(folder.path(), "pipeline_image");
        let flux = paint::lay_out(&goldens(), folder.path());
        write(folder.path(), "disc.png", disc(24.0));
        Self {
            folder,
            trellis,
            flux,
        }
    }

    fn make(&self, what: &str) -> Run {
        let all = [
            what,
            "--backend=trellis",
            "--no-validation",
            "--flux.side=64",
            "--trellis.steps=1",
            "-o=out.ply",
            &format!("--trellis.folder={}", self.trellis.display()),
            &format!("--flux.folder={}", self.flux.display()),
        ];
        generate(self.folder.path(), &all)
    }

    /// Puts `bytes` where a file lies, sees what is said, and puts the file back.
    fn refuses(&self, what: &str, file: &Path, bytes: &[u8], (case, words): (&str, &str)) {
        let kept = std::fs::read(file).ok();
        std::fs::write(file, bytes).unwrap();
        let run = self.make(what);
        let case = format!("{case} for {}: {}", file.display(), run.stderr);
        run.refused(1);
        let error = run.stderr.lines().find(|line| line.starts_with("error: "));
        let error = error.unwrap();
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(error.contains(name) && error.contains(words), "{case}");
        assert!(!self.folder.path().join("out.ply").exists(), "{case}");
        match kept {
            Some(kept) => std::fs::write(file, kept).unwrap(),
            None => std::fs::remove_file(file).unwrap(),
        }
    }
}

#[test]
fn half_downloaded_weights_are_told_by_their_name() {
    let house = House::new();
    let file = house.flux.join("flux.safetensors");
    let whole = std::fs::read(&file).unwrap();
    for (case, bytes, words) in broken_safetensors(&whole) {
        house.refuses("a red boat", &file, &bytes, (case, words));
    }
    for (file, what) in [
        (house.flux.join("t5.safetensors"), "a red boat"),
        (house.flux.join("ae.safetensors"), "a red boat"),
        (
            house.trellis.join("ckpts/ss_flow.safetensors"),
            "--image=disc.png",
        ),
        (
            house.trellis.join("dinov2_vitl14_reg.safetensors"),
            "--image=disc.png",
        ),
    ] {
        let whole = std::fs::read(&file).unwrap();
        let half = &whole[..whole.len() / 2];
        house.refuses(what, &file, half, ("half", "bytes long where"));
    }
}

#[test]
fn a_gguf_that_claims_what_it_has_not_is_told_by_its_name() {
    let house = House::new();
    for name in ["flux.gguf", "t5.gguf"] {
        for (case, bytes, words) in broken_gguf() {
            house.refuses("a red boat", &house.flux.join(name), &bytes, (case, words));
        }
    }
}

#[test]
fn what_is_no_tokenizer_or_configuration_is_told_by_its_name() {
    let house = House::new();
    for name in ["t5.tokenizer.json"] {
        for bytes in [&b""[..], b"{", b"[]", b"{\"model\": 3}"] {
            let file = house.flux.join(name);
            house.refuses("a red boat", &file, bytes, ("no tokenizer", ""));
        }
    }
    for (name, bytes) in [
        ("pipeline.json", "{"),
        ("pipeline.json", "{}"),
        ("ckpts/ss_flow.json", "{"),
        ("ckpts/ss_flow.json", "[]"),
    ] {
        let file = house.trellis.join(name);
        house.refuses("--image=disc.png", &file, bytes.as_bytes(), (bytes, ""));
    }
}

#[test]
fn where_nothing_can_be_written_nothing_is_begun() {
    let house = House::new();
    std::fs::write(house.folder.path().join("file"), "").unwrap();
    std::fs::create_dir(house.folder.path().join("folder.ply")).unwrap();
    for (output, words) in [
        ("nowhere/out.ply", "there is no folder nowhere"),
        ("file/out.ply", "file cannot be written to"),
        ("folder.ply", "is a folder"),
    ] {
        for flag in ["--output", "--preview"] {
            let output = format!("{flag}={output}");
            let run = generate(
                house.folder.path(),
                &["a boat", "--backend=sketch", &output],
            );
            run.refused(1);
            assert!(run.stderr.contains(words), "{}", run.stderr);
            assert!(!run.stderr.contains("sculpt"), "{}", run.stderr);
        }
    }
}

#[test]
fn a_folder_without_a_pipeline_is_told_with_what_to_name() {
    let folder = tempfile::tempdir().unwrap();
    let run = generate(
        folder.path(),
        &["a boat", "--backend=trellis", "--trellis.folder=nowhere"],
    );
    run.refused(1);
    for words in ["nowhere/pipeline.json", "name a folder laid out as"] {
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
}

/// They are in memory once.
#[test]
fn flux_reads_with_the_clip_that_classes() {
    let house = House::new();
    let arguments = [
        "a red boat",
        "--gpu=cpu",
        "--log=debug",
        "--no-validation",
        "--flux.side=64",
        "--trellis.steps=1",
        "-o=out.ply",
        &format!("--trellis.folder={}", house.trellis.display()),
        &format!("--flux.folder={}", house.flux.display()),
    ];
    let run = generate(house.folder.path(), &arguments);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let shared = "FLUX reads with the CLIP that tells what prompts ask for";
    assert_eq!(run.stderr.matches(shared).count(), 1, "{}", run.stderr);
}
