//! The tokenizer against open_clip's, with the beginning of its vocabulary.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use models::ClipTokenizer;
use serde::Deserialize;

use crate::golden::data;

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
    long: Long,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    /// With the first merges only.
    small: Vec<u32>,
    /// With all of them.
    full: Vec<u32>,
}

#[derive(Deserialize)]
struct Long {
    text: String,
    small: Vec<u32>,
}

fn cases(folder: &Path) -> Cases {
    serde_json::from_slice(&std::fs::read(folder.join("tokens.json")).unwrap()).unwrap()
}

fn merges(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("merges.txt")).unwrap()
}

pub(crate) fn check(folder: &Path) {
    let tokenizer = ClipTokenizer::from_bytes(merges(folder).as_bytes()).unwrap();
    let golden = cases(folder);
    let mut wrong = Vec::new();
    for case in &golden.cases {
        let found = tokenizer.encode(&case.text).unwrap();
        if found != case.small {
            wrong.push(format!("{:?}: {found:?}, not {:?}", case.text, case.small));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        golden.cases.len(),
        wrong.join("\n")
    );
    assert!(golden.cases.len() > 200);
    assert_eq!(golden.long.small.len(), 77);
    assert_eq!(
        tokenizer.tokens(&golden.long.text).unwrap(),
        golden.long.small
    );
}

#[test]
fn tokens_are_open_clips() {
    check(&data());
}

/// The whole vocabulary is not ours to carry: `SPLATSMITH_CLIP_VOCABULARY` names a published
/// `tokenizer.json` or `merges.txt`.
#[test]
fn tokens_of_the_whole_vocabulary_are_open_clips() {
    let Some(path) = std::env::var_os("SPLATSMITH_CLIP_VOCABULARY").map(PathBuf::from) else {
        println!("skipped: SPLATSMITH_CLIP_VOCABULARY names no vocabulary");
        return;
    };
    let bytes = std::fs::read(&path).unwrap();
    let tokenizer = ClipTokenizer::from_bytes(&bytes).unwrap();
    for case in cases(&data()).cases {
        assert_eq!(
            tokenizer.encode(&case.text).unwrap(),
            case.full,
            "{:?}",
            case.text
        );
    }
}

/// `tokenizer.json` as it is published, made of the merges at hand.
#[test]
fn the_published_json_is_read_too() {
    let text = merges(&data());
    let pairs: Vec<&str> = text.lines().skip(1).collect();
    let from_merges = ClipTokenizer::from_merges(&text).unwrap();
    let mut vocabulary: HashMap<String, u32> = HashMap::new();
    let printing: Vec<char> = ('!'..='~').chain('¡'..='¬').chain('®'..='ÿ').collect();
    let others = (256u32..324).filter_map(char::from_u32);
    let letters: Vec<String> = printing
        .into_iter()
        .chain(others)
        .map(String::from)
        .collect();
    let ends = letters.iter().map(|letter| format!("{letter}</w>"));
    let merged = pairs.iter().map(|pair| pair.replace(' ', ""));
    let marks = ["<|startoftext|>", "<|endoftext|>"].map(str::to_owned);
    let words = letters
        .iter()
        .cloned()
        .chain(ends)
        .chain(merged)
        .chain(marks);
    for (number, word) in words.enumerate() {
        vocabulary.insert(word, number as u32);
    }
    for as_pairs in [false, true] {
        let merges: Vec<serde_json::Value> = pairs
            .iter()
            .map(|pair| {
                if as_pairs {
                    pair.split(' ').collect()
                } else {
                    (*pair).into()
                }
            })
            .collect();
        let json = serde_json::json!({
            "version": "1.0",
            "added_tokens": [{"id": 512 + pairs.len(), "content": "<|startoftext|>"}],
            "normalizer": {"type": "Lowercase"},
            "model": {
                "type": "BPE", "dropout": null, "unk_token": "<|endoftext|>",
                "continuing_subword_prefix": "", "end_of_word_suffix": "</w>", "fuse_unk": false,
                "vocab": vocabulary, "merges": merges,
            },
        });
        let tokenizer = ClipTokenizer::from_bytes(json.to_string().as_bytes()).unwrap();
        for case in cases(&data()).cases {
            assert_eq!(
                tokenizer.tokens(&case.text).unwrap(),
                from_merges.tokens(&case.text).unwrap()
            );
        }
    }
}

#[test]
fn what_is_no_vocabulary_is_refused() {
    for json in [
        "",
        "{}",
        "[]",
        r#"{"model": {"type": "BPE", "vocab": {}, "merges": []}}"#,
    ] {
        let refused = ClipTokenizer::from_json(json.as_bytes())
            .unwrap_err()
            .to_string();
        assert!(refused.contains("tokenizer.json"), "{refused}");
    }
    for merges in ["#version\nlonely", "#version\na b\nx y z"] {
        let refused = ClipTokenizer::from_merges(merges).unwrap_err().to_string();
        assert!(refused.contains("merges.txt"), "{refused}");
    }
}

#[test]
fn long_and_hostile_texts_end() {
    let tokenizer = ClipTokenizer::from_merges(&merges(&data())).unwrap();
    for text in [
        "a".repeat(50_000),
        "&amp;".repeat(20_000),
        "&".repeat(50_000),
        "\u{1b}[".repeat(20_000),
        "🎈".repeat(20_000),
        "&amp;amp;amp;amp;".repeat(2_000),
        "\u{301}".repeat(20_000),
    ] {
        let tokens = tokenizer.tokens(&text).unwrap();
        assert!(tokens.len() <= 77);
    }
}
