//! Opening the scorer: what is missing is said part by part.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use models::scorer::{Picture, Views, Wanted};
use models::store::{Places, Store};
use models::{Device, Scorer};

#[test]
fn an_empty_store_names_what_each_part_needs() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Places::under(folder.path())).unwrap();
    let scorer = Scorer::open(&store, &Device::Cpu, Wanted::ALL);
    let missing = [
        (
            scorer.quality.err(),
            "quality_scorer.safetensors",
            "quality-scorer",
        ),
        (
            scorer.text.err(),
            "open_clip_model.safetensors",
            "clip-convnext-large-d",
        ),
        (scorer.image.err(), "model.safetensors", "llm2clip-l14-336"),
        (scorer.distance.err(), "alexnet-owt-7be5be79.pth", "alexnet"),
        (scorer.gate.err(), "model.safetensors", "clip-vit-l14"),
    ];
    for (why, file, model) in missing {
        let why = why.expect("ready without weights").to_string();
        assert!(why.contains(file), "{why}");
        assert!(
            why.contains(&format!("splatsmith models pull {model}")),
            "{why}"
        );
    }
}

#[test]
fn parts_that_nobody_asked_for_are_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Places::under(folder.path())).unwrap();
    let wanted = Wanted {
        text: false,
        image: false,
        gate: false,
    };
    let scorer = Scorer::open(&store, &Device::Cpu, wanted);
    for why in [scorer.text.err(), scorer.image.err(), scorer.gate.err()] {
        assert!(why.expect("opened").to_string().contains("not asked for"));
    }
}

#[test]
fn pictures_of_other_sizes_or_without_pixels_are_no_views() {
    let bytes = [7u8; 4 * 3 * 3];
    let picture = |width, height, rgb| Picture { width, height, rgb };
    let views = |pictures: &[Picture<'_>]| Views::new(pictures, &Device::Cpu);
    let good = picture(4, 3, &bytes[..]);
    assert_eq!(views(&[good, good]).unwrap().count().unwrap(), 2);
    assert!(views(&[]).is_err());
    assert!(views(&[good, picture(3, 4, &bytes)]).is_err());
    assert!(views(&[picture(4, 3, &bytes[1..])]).is_err());
    assert!(views(&[picture(u32::MAX, u32::MAX, &bytes)]).is_err());
}
