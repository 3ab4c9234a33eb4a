//! The catalogue and the reading of prompts, by what comes out of them.

use std::collections::BTreeSet;

use glam::Vec3;
use proptest::prelude::*;
use rayon::prelude::*;

use super::archetypes;
use super::compose::compose;
use super::sculpt;
use crate::sketch::Sculpture;

const SPLATS: usize = 24_000;

fn made(prompt: &str, seed: u64) -> Sculpture {
    sculpt(prompt, seed, SPLATS, &|| false)
}

fn mean_colour(sculpture: &Sculpture) -> Vec3 {
    let sum: Vec3 = sculpture
        .surfels
        .iter()
        .map(|surfel| Vec3::from(surfel.colour_rgb))
        .sum();
    sum / sculpture.surfels.len().max(1) as f32
}

#[test]
fn there_are_at_least_sixty_archetypes_with_names_of_their_own() {
    let names: BTreeSet<&str> = archetypes::all().map(|archetype| archetype.name).collect();
    assert!(names.len() >= 60, "{}", names.len());
    let mut seen = BTreeSet::new();
    for archetype in archetypes::all() {
        assert!(
            seen.insert(archetype.name),
            "two are called {}",
            archetype.name
        );
    }
}

#[test]
fn every_archetype_is_found_by_each_of_its_nouns() {
    for archetype in archetypes::all() {
        let found = archetypes::find(archetype.name);
        assert!(found.is_some(), "{}", archetype.name);
        let article = format!("a blue {}", archetype.name);
        assert!(compose(&article, 1).archetype.is_some(), "{article}");
    }
}

#[test]
fn every_archetype_makes_a_whole_object() {
    archetypes::all()
        .enumerate()
        .par_bridge()
        .for_each(|(index, archetype)| {
            let name = archetype.name;
            let sculpture = made(name, index as u64);
            let surfels = &sculpture.surfels;
            assert!(surfels.len() >= 20_000, "{name}: {}", surfels.len());
            let (mut low, mut high) = (Vec3::INFINITY, Vec3::NEG_INFINITY);
            for surfel in surfels {
                let (at, normal) = (Vec3::from(surfel.position), Vec3::from(surfel.normal));
                assert!(at.is_finite() && normal.is_finite(), "{name}");
                assert!((normal.length() - 1.0).abs() < 1e-3, "{name}: {normal}");
                let size = surfel.tangent_size_u;
                assert!(size > 0.0 && size < 0.3, "{name}: {size}");
                (low, high) = (low.min(at), high.max(at));
            }
            let size = high - low;
            assert!((size.max_element() - 1.5).abs() < 0.2, "{name}: {size}");
            assert!(size.min_element() > 0.02, "{name} is flat: {size}");
        });
}

/// Prompts, what is built for them, and whether red, green or blue prevails (`-`: none does).
const PROMPTS: &[(&str, &str, char)] = &[
    ("red sofa", "sofa", 'r'),
    ("a couch covered in green velvet", "sofa", 'g'),
    ("blue armchair", "armchair", 'b'),
    ("table made of oak", "table", 'r'),
    ("blue elephant", "elephant", 'b'),
    ("green frog", "frog", 'g'),
    ("red dragon with golden horns", "dragon", 'r'),
    ("statue of a lion carved from blue glass", "lion", 'b'),
    ("blue robots", "robot", 'b'),
    ("red sports car", "car", 'r'),
    ("green jeep", "jeep", 'g'),
    ("blue helicopter", "helicopter", 'b'),
    ("green cactus", "cactus", 'g'),
    ("white rabbit with pink ears", "rabbit", '-'),
    ("golden retriever", "dog", '-'),
    ("red rose", "rose", '-'),
    ("sword with a ruby hilt", "sword", '-'),
    ("red guitar", "guitar", 'r'),
    ("blue sneakers", "shoe", 'b'),
    ("green t-shirt", "shirt", 'g'),
    ("red basketball", "basketball", 'r'),
    ("green apple", "apple", 'g'),
    ("red hammer", "hammer", '-'),
    ("necklace with sapphires", "necklace", '-'),
    ("blue teapot", "teapot", 'b'),
];

#[test]
fn prompts_get_the_thing_and_the_colour_they_name() {
    let mut mistaken = Vec::new();
    for (prompt, thing, channel) in PROMPTS {
        let composed = compose(prompt, 1);
        if composed.archetype != Some(*thing) {
            mistaken.push(format!(
                "{prompt}: {:?} {:?}",
                composed.archetype, composed.notes
            ));
        }
        let [red, green, blue] = mean_colour(&made(prompt, 1)).to_array();
        let prevails = match channel {
            'r' => red > 1.15 * green && red > 1.15 * blue,
            'g' => green > 1.1 * red && green > 1.1 * blue,
            'b' => blue > 1.1 * red && blue > 1.1 * green,
            _ => true,
        };
        if !prevails {
            mistaken.push(format!("{prompt}: {red:.2} {green:.2} {blue:.2}"));
        }
    }
    assert!(mistaken.is_empty(), "{mistaken:#?}");
}

#[test]
fn parts_take_the_colours_named_for_them() {
    let plain = mean_colour(&made("oak tree", 1));
    let purple = mean_colour(&made("oak tree with purple leaves", 1));
    assert!(purple.z > plain.z + 0.1, "{plain} {purple}");
    let roof = mean_colour(&made("house with blue roof", 1));
    let other = mean_colour(&made("house with red roof", 1));
    assert!(
        roof.z > other.z + 0.03 && other.x > roof.x + 0.03,
        "{roof} {other}"
    );
}

#[test]
fn what_stands_on_something_is_above_it() {
    let alone = compose("gnome", 1).model.bounds().unwrap();
    let seated = compose("gnome sitting on a mushroom", 1)
        .model
        .bounds()
        .unwrap();
    assert!(seated.1.y - seated.0.y > 1.2 * (alone.1.y - alone.0.y));
}

#[test]
fn an_unknown_thing_becomes_a_block_and_says_so() {
    let sculpture = made("purple flurbinator", 1);
    assert!(sculpture.surfels.len() >= 20_000);
    assert!(
        sculpture.notes[0].contains("no shape known"),
        "{:?}",
        sculpture.notes
    );
    let [red, green, blue] = mean_colour(&sculpture).to_array();
    assert!(
        red > 1.2 * green && blue > 1.2 * green,
        "the colour is still understood"
    );
}

#[test]
fn an_unknown_word_beside_a_known_thing_is_reported() {
    let notes = made("flurby chair", 1).notes;
    assert!(
        notes.iter().any(|note| note.contains("flurby")),
        "{notes:?}"
    );
    assert!(made("red chair", 1).notes.is_empty());
}

#[test]
fn the_seed_decides() {
    assert_eq!(made("red chair", 5).surfels, made("red chair", 5).surfels);
    assert_ne!(made("red chair", 5).surfels, made("red chair", 6).surfels);
}

#[test]
fn nobody_waits_for_a_cancelled_one() {
    assert!(sculpt("red chair", 1, SPLATS, &|| true).surfels.is_empty());
}

#[test]
fn strange_prompts_do_no_harm() {
    let long = "very ".repeat(2000) + "long chair";
    let mixed = "🦊 ﷺ \u{202e}rahc\u{0} \n\t 椅子 Ünïcødé";
    for prompt in [
        "",
        " ",
        ",,,",
        "with",
        "of of of",
        "with with on on",
        mixed,
        &long,
    ] {
        let sculpture = made(prompt, 1);
        assert!(sculpture.surfels.len() >= 20_000, "{prompt:?}");
        assert!(
            sculpture
                .notes
                .iter()
                .all(|note| note.chars().count() < 200)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_prompt_panics(prompt in "\\PC{0,80}", words in prop::collection::vec(
        prop::sample::select(vec![
            "red", "with", "on", "of", "made", "and", "glass", "lion", "ring", "tall", "striped",
            "wings", "pot", "statue", "wheels", "next", "to", "eyes", "gold", "ruby",
        ]), 0..12))
    {
        compose(&prompt, 1);
        compose(&words.join(" "), 2);
    }
}
