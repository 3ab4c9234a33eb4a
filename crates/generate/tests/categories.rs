//! Categories as a person sees them, the table of their settings, and the words around prompts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use generate::categories::{By, Category, CategoryTable, TableError, classify};
use generate::shaping::{MOST_PROMPT, ShapeError, Template};
use proptest::prelude::*;

/// Where a template holds the prompt.
const PLACE: &str = "{prompt}";

/// The share of prompts that must be classed as a person classes them.
const ENOUGH: f64 = 0.95;

fn labels(name: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (left, right) = line.split_once('\t').unwrap();
            (left.to_owned(), right.to_owned())
        })
        .collect()
}

/// Holds the lexicon against labels, by the lexicon alone.
fn check(labelled: &[(String, Category)]) {
    let wrong: Vec<String> = labelled
        .iter()
        .filter_map(|(prompt, label)| {
            let class = classify(prompt);
            assert_ne!(class.by, By::Embedding);
            (class.category != *label)
                .then(|| format!("{prompt}: {} instead of {label}", class.category))
        })
        .collect();
    let share = 1.0 - wrong.len() as f64 / labelled.len() as f64;
    println!("{:.1} % as a person classes them", share * 100.0);
    assert!(share >= ENOUGH, "{share}: {wrong:#?}");
}

#[test]
fn prompts_of_our_own_are_classed_as_a_person_does() {
    let labelled: Vec<(String, Category)> = labels("categories.tsv")
        .into_iter()
        .map(|(category, prompt)| (prompt, category.parse().unwrap()))
        .collect();
    assert_eq!(labelled.len(), 200);
    for category in Category::ALL {
        let count = labelled.iter().filter(|(_, it)| *it == category).count();
        assert!(count >= 8, "{category}: {count}");
    }
    check(&labelled);
}

fn fnv1a(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[test]
fn the_subnets_prompts_are_classed_as_a_person_does() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/prompts.txt");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: no ../shared");
        return;
    };
    let labels = labels("categories_shared.tsv");
    let labelled: Vec<(String, Category)> = text
        .lines()
        .filter(|line| !line.is_empty())
        .map(|prompt| {
            let hash = fnv1a(prompt);
            let label = labels.iter().find(|(known, _)| *known == hash);
            let (_, category) = label.unwrap_or_else(|| panic!("{prompt} has no label"));
            (prompt.to_owned(), category.parse().unwrap())
        })
        .collect();
    assert_eq!(labelled.len(), labels.len());
    check(&labelled);
}

/// Prompts that were written and sorted for rehearsals, by others than the lexicon's.
#[test]
fn the_rehearsals_prompts_are_classed_as_they_are_sorted() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rehearsal/data/prompts.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let (mut labelled, mut section) = (Vec::new(), None);
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        match line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            Some(name) => section = Some(name.parse::<Category>().unwrap()),
            None => labelled.push((line.to_owned(), section.unwrap())),
        }
    }
    assert!(labelled.len() >= 150);
    check(&labelled);
}

#[test]
fn names_are_read_as_they_are_written() {
    for category in Category::ALL {
        assert_eq!(category.name().parse(), Ok(category));
        let json = serde_json::to_string(&category).unwrap();
        assert_eq!(json, format!("\"{category}\""));
    }
    let refused = "robot".parse::<Category>().unwrap_err().to_string();
    assert!(refused.contains("robots, animals"), "{refused}");
}

#[test]
fn the_built_in_table_is_whole() {
    let table = CategoryTable::built_in().unwrap();
    for category in Category::ALL {
        let settings = table.settings(category);
        assert_eq!(settings.image_steps, 4, "{category}");
        let shaped = settings.template.shape("purple elephant").unwrap();
        for word in [
            "purple elephant",
            "whole",
            "alone",
            "centred",
            "plain",
            "even",
        ] {
            assert!(shaped.contains(word), "{category}: {shaped} lacks {word}");
        }
    }
    assert!(
        table.settings(Category::Jewelry).matting.most_holes
            > table.settings(Category::Statues).matting.most_holes
    );
}

#[test]
fn an_operators_file_changes_what_it_names() {
    let built_in = CategoryTable::built_in().unwrap();
    let changes = "[all]\nimage_steps = 2\n[animals]\nimage_steps = 3\nstructure_guidance = 5\ntemplate = \"photo of {prompt}\"";
    let table = CategoryTable::with_changes(changes).unwrap();
    let (animals, plants) = (
        table.settings(Category::Animals),
        table.settings(Category::Plants),
    );
    assert_eq!((animals.image_steps, plants.image_steps), (3, 2));
    assert_eq!(animals.structure.guidance, 5.0);
    assert_eq!(animals.template.to_string(), "photo of {prompt}");
    let before = built_in.settings(Category::Plants);
    assert_eq!(
        (&plants.template, plants.matting, plants.latent),
        (&before.template, before.matting, before.latent)
    );
    assert_eq!(CategoryTable::with_changes("").unwrap(), built_in);
}

#[test]
fn candidates_may_differ_by_category() {
    let built_in = CategoryTable::built_in().unwrap();
    assert_eq!(
        (built_in.most_candidates(), built_in.candidates()),
        (1, "1".to_owned())
    );
    let changes = "[all]\ncandidates = 2\n[gems]\ncandidates = 1\n[plants]\ncandidates = 64";
    let table = CategoryTable::with_changes(changes).unwrap();
    assert_eq!(table.most_candidates(), 64);
    assert_eq!(table.candidates(), "plants 64, gems 1, others 2");
    let count = |category| table.settings(category).candidates;
    assert_eq!(
        [Category::Plants, Category::Gems, Category::Food].map(count),
        [64, 1, 2]
    );
    for wrong in ["0", "65", "-1", "1.5", "'two'", "[2]"] {
        let changes = format!("[food]\ncandidates = {wrong}");
        let refused = CategoryTable::with_changes(&changes)
            .unwrap_err()
            .to_string();
        assert!(
            refused.contains("food.candidates") && refused.contains("from 1 to 64"),
            "{refused}"
        );
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let text = r#"
        loose = 1
        [robot]
        [all]
        [plants]
        image_steps = "four"
        colour = 1
        template = "no place"
        structure_guidance = nan
        latent_steps = 1.5
        [gems]
        least_coverage = 0.9
        most_coverage = 0.5
        most_holes = -0.1
        "#;
    let TableError::Problems(problems) = CategoryTable::with_changes(text).unwrap_err() else {
        panic!("another error");
    };
    let places: Vec<&str> = problems.iter().map(|it| it.place.as_str()).collect();
    assert_eq!(
        places,
        [
            "gems.most_holes",
            "loose",
            "plants.colour",
            "plants.image_steps",
            "plants.latent_steps",
            "plants.structure_guidance",
            "plants.template",
            "robot",
        ]
    );
    let swapped = CategoryTable::with_changes("[gems]\nleast_coverage = 0.9\nmost_coverage = 0.5")
        .unwrap_err()
        .to_string();
    assert!(swapped.contains("gems.least_coverage"), "{swapped}");
    for broken in ["[all", "[all]\nx = ", &"#".repeat(2 << 20)] {
        let told = CategoryTable::with_changes(broken).unwrap_err().to_string();
        assert!(!told.contains('\n'), "{told}");
    }
}

#[test]
fn a_template_holds_the_prompt_once() {
    for broken in [
        "",
        "no place",
        "{prompt} and {prompt}",
        "{prompt} {size}",
        "{prompt}\nplain",
        &format!("{{prompt}}{}", "x".repeat(500)),
    ] {
        let refused = broken.parse::<Template>();
        assert!(refused.is_err(), "{broken}");
    }
}

#[test]
fn a_prompt_cannot_reach_into_the_template() {
    let template: Template = "a photo of {prompt}, whole".parse().unwrap();
    for prompt in ["{prompt}", "{prompt} {0} %s ${x}", "}{", "\\{prompt\\}"] {
        assert_eq!(
            template.shape(prompt).unwrap(),
            format!("a photo of {prompt}, whole")
        );
    }
    assert_eq!(
        template.shape("  red\n\0 car\t").unwrap(),
        "a photo of red car, whole"
    );
    assert_eq!(template.shape(" \n"), Err(ShapeError::Empty));
    let long = "é".repeat(MOST_PROMPT + 1);
    assert_eq!(
        template.shape(&long),
        Err(ShapeError::TooLong(MOST_PROMPT + 1))
    );
}

proptest! {
    #[test]
    fn what_was_asked_is_never_changed(prompt in "\\PC{1,1100}", pick in 0..Category::ALL.len()) {
        let table = CategoryTable::built_in().unwrap();
        let template = &table.settings(Category::ALL[pick]).template;
        let words: Vec<&str> = prompt.split_whitespace().collect();
        match template.shape(&prompt) {
            Ok(shaped) => {
                prop_assert!(shaped.contains(&words.join(" ")), "{}", shaped);
                prop_assert!(shaped.len() <= 900 || shaped == words.join(" "));
                // Beyond the prompt there is the template alone.
                let around = shaped.replacen(&words.join(" "), PLACE, 1);
                prop_assert!(around == template.to_string() || around == PLACE);
            }
            Err(ShapeError::Empty) => prop_assert!(words.is_empty()),
            Err(ShapeError::TooLong(count)) => {
                prop_assert_eq!(count, prompt.chars().count());
                prop_assert!(count > MOST_PROMPT);
            }
        }
    }

    #[test]
    fn any_text_is_classed(prompt in "\\PC{0,200}") {
        let class = classify(&prompt);
        prop_assert!(Category::ALL.contains(&class.category));
    }
}
