//! The built-in manifest, and ones that are refused.

use super::*;

fn built_in() -> Manifest {
    Manifest::built_in().expect("a usable manifest")
}

#[test]
fn the_built_in_manifest_is_sound() {
    let manifest = built_in();
    assert!(manifest.models().len() >= 13);
    for model in manifest.models() {
        assert!(!model.uses.is_empty(), "{}: needed for nothing", model.name);
        for file in &model.files {
            assert!(
                file.size.is_some() || file.limit.is_some(),
                "{}: unbounded",
                file.path
            );
            assert!(
                file.about.is_none_or(|about| about < file.limit()),
                "{}",
                file.path
            );
        }
    }
}

#[test]
fn every_use_has_a_default_that_may_be_used_commercially() {
    let manifest = built_in();
    for word in [
        "quality",
        "text",
        "image",
        "distance",
        "gate",
        "generation-image",
        "text-to-image",
        "cutout",
    ] {
        let models = manifest.meant_by(word).expect(word);
        assert!(
            models
                .iter()
                .all(|model| model.commercial != Commercial::No),
            "{word}"
        );
    }
    assert!(
        manifest
            .meant_by("cutout")
            .is_some_and(|models| models[0].name == "birefnet")
    );
}

#[test]
fn words_mean_what_they_say() {
    let manifest = built_in();
    let names = |word: &str| -> Vec<&str> {
        let models = manifest.meant_by(word).unwrap_or_default();
        models.iter().map(|model| model.name.as_str()).collect()
    };
    assert_eq!(names("rmbg-2.0"), ["rmbg-2.0"]);
    assert_eq!(
        names("trellis-image-large"),
        ["trellis-image-large", "dinov2-vitl14-reg"]
    );
    for text in ["base", "large", "xlarge"] {
        let names = names(&format!("trellis-text-{text}"));
        assert_eq!(names[1..], ["trellis-image-large", "clip-vit-l14"]);
    }
    assert_eq!(names("distance"), ["alexnet", "lpips-alex"]);
    assert_eq!(names("gate"), ["clip-vit-l14"], "one CLIP is enough");
    assert_eq!(
        names("text-to-image"),
        [
            "clip-vit-l14",
            "flux-schnell-q8",
            "flux-autoencoder",
            "t5-xxl-q8",
            "t5-tokenizer"
        ],
        "each part of FLUX once"
    );
    assert!(!names("all").contains(&"rmbg-2.0"));
    assert!(names("judge").contains(&"dinov2-small") && !names("judge").contains(&"birefnet"));
    assert_eq!(manifest.meant_by("nonsense"), None);
}

#[test]
fn needs_have_to_be_there() {
    let text = r#"
        [[model]]
        name = "a"
        title = "A"
        uses = ["gate"]
        needs = ["b"]
        repo = "o/a"
        licence = "MIT"
        commercial = "yes"
        [[model.file]]
        path = "a.bin"
    "#;
    let error = text.parse::<Manifest>().expect_err("refused");
    assert!(error.to_string().contains("not there"), "{error}");
}

#[test]
fn a_non_commercial_default_is_refused() {
    let text = r#"
        [[model]]
        name = "a"
        title = "A"
        uses = ["gate"]
        repo = "o/a"
        licence = "CC-BY-NC-4.0"
        commercial = "no"
        [[model.file]]
        path = "a.bin"
    "#;
    let error = text.parse::<Manifest>().expect_err("refused");
    assert!(error.to_string().contains("never the default"), "{error}");
}
