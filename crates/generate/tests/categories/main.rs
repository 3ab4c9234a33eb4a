//! Categories as a person sees them, the table of their settings, and the words around prompts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod shaping;
mod table;

use std::path::{Path, PathBuf};

use generate::categories::{By, Category, classify};
use proptest::prelude::*;

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

proptest! {
    #[test]
    fn any_text_is_classed(prompt in "\\PC{0,200}") {
        let class = classify(&prompt);
        prop_assert!(Category::ALL.contains(&class.category));
    }
}
