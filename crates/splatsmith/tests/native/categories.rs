//! What a prompt's category changes, seen from outside.

use generate::categories::Category;

use crate::{common, disc, generate, goldens, paint, pipeline, write};

/// What random weights see in a picture is anything, but always the same, and its category's to be made.
#[test]
fn a_picture_has_a_category_where_clip_can_see_it() {
    let folder = tempfile::tempdir().unwrap();
    let trellis = pipeline(folder.path(), "pipeline_image");
    let flux = paint::lay_out(&goldens(), folder.path());
    let categories = Category::ALL;
    // Steps that tell the categories apart.
    let table = categories.iter().zip(3..).map(|(category, steps)| {
        format!("[{category}]\nstructure_steps = {steps}\nlatent_steps = 2\n")
    });
    std::fs::write(folder.path().join("table.toml"), table.collect::<String>()).unwrap();
    write(folder.path(), "disc.png", disc(24.0));
    std::fs::write(folder.path().join("opaque.png"), common::disc_png()).unwrap();
    let made = |picture: &str| {
        let all = [
            &format!("--image={picture}"),
            "--no-validation",
            "--json",
            "-o=e.ply",
            "--categories=table.toml",
            &format!("--trellis.folder={}", trellis.display()),
            &format!("--flux.folder={}", flux.display()),
        ];
        let run = generate(folder.path(), &all);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(!run.stderr.contains("cannot tell"), "{}", run.stderr);
        run.json()["recipe"].clone()
    };
    // A CLIP that reads alone, as it was laid out, and none at all.
    let recipe = made("disc.png");
    assert_eq!(recipe["category"], serde_json::Value::Null, "{recipe}");
    assert_eq!(recipe["settings"]["structure.steps"], "6", "as published");

    paint::open_eyes(&goldens(), &flux);
    for (picture, is_cut) in [("disc.png", false), ("opaque.png", true)] {
        let recipe = made(picture);
        let seen: Category = recipe["category"].as_str().unwrap().parse().unwrap();
        let settings = &recipe["settings"];
        let place = categories.iter().position(|other| *other == seen).unwrap();
        let steps = (3 + place).to_string();
        assert_eq!(settings["structure.steps"], steps.as_str(), "{recipe}");
        assert_eq!(settings["classed.by"], "embedding", "{recipe}");
        let limits = settings.get("cutout.most_holes").is_some();
        assert_eq!(limits, is_cut, "{recipe}");
        assert_eq!(settings.get("image.words"), None, "nothing was painted");
        assert_eq!(made(picture), recipe, "what is seen is always the same");
    }
}

/// A CLIP that cannot be read costs the category and a warning.
#[test]
fn without_a_clip_that_can_be_read_a_picture_is_made_as_published() {
    let folder = tempfile::tempdir().unwrap();
    let trellis = pipeline(folder.path(), "pipeline_image");
    let flux = paint::lay_out(&goldens(), folder.path());
    write(folder.path(), "disc.png", disc(24.0));
    std::fs::write(flux.join("clip.safetensors"), "no weights").unwrap();
    let run = generate(
        folder.path(),
        &[
            "--image=disc.png",
            "--no-validation",
            "--json",
            "-o=b.ply",
            &format!("--trellis.folder={}", trellis.display()),
            &format!("--flux.folder={}", flux.display()),
        ],
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("classed by CLIP"), "{}", run.stderr);
    let warnings = run.stderr.matches("CLIP cannot tell").count();
    assert_eq!(warnings, 1, "{}", run.stderr);
    assert!(run.stderr.contains("clip.safetensors"), "{}", run.stderr);
    let recipe = &run.json()["recipe"];
    assert_eq!(recipe["category"], serde_json::Value::Null, "{recipe}");
    assert_eq!(recipe["settings"]["structure.steps"], "6", "{recipe}");
}

/// Nothing has as many splats as are asked for, so all the candidates are made that a prompt gets.
#[test]
fn a_category_says_how_many_candidates_its_prompts_get() {
    let folder = tempfile::tempdir().unwrap();
    let trellis = pipeline(folder.path(), "pipeline_image");
    let flux = paint::lay_out(&goldens(), folder.path());
    let table = "[all]\ncandidates = 2\n[animals]\ncandidates = 3\n[food]\ncandidates = 1\n";
    std::fs::write(folder.path().join("table.toml"), table).unwrap();
    let made = |words: &str, more: &[&str]| {
        let all = [
            words,
            "--json",
            "-o=e.ply",
            "--categories=table.toml",
            "--judge-by=screening",
            "--splat-floor=100000000",
            "--flux.side=64",
            "--trellis.steps=1",
            &format!("--trellis.folder={}", trellis.display()),
            &format!("--flux.folder={}", flux.display()),
        ];
        let run = generate(folder.path(), &[&all[..], more].concat());
        assert_eq!(run.code, 1, "{}", run.stderr);
        let report = run.json();
        let category = report["recipe"]["category"].as_str().unwrap().to_owned();
        (category, report["candidates"].as_u64().unwrap())
    };
    let mut numbers = std::collections::BTreeSet::new();
    for prompt in ["purple elephant", "apple", "garden chair"] {
        // What a CLIP of random weights makes of words is not always what they say.
        let (category, candidates) = made(prompt, &[]);
        let said = match category.as_str() {
            "animals" => 3,
            "food" => 1,
            _ => 2,
        };
        assert_eq!(candidates, said, "{prompt}: {category}");
        numbers.insert(candidates);
    }
    assert!(numbers.len() > 1, "{numbers:?}");
    let (_, typed) = made("purple elephant", &["--candidates=1"]);
    assert_eq!(typed, 1, "what is typed goes before the category's");
}
