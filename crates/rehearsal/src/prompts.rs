//! The text prompts a rehearsal hands out.

/// The prompts as they lie in the repository; see the first line of the file for its form.
const FILE: &str = include_str!("../data/prompts.txt");

/// One text prompt and the category of object it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextPrompt {
    /// One of the subnet's 16 categories, by our short name for it (`robots`, `food`, …).
    pub category: &'static str,
    /// The prompt itself.
    pub text: &'static str,
}

/// Every text prompt, in the order of the file.
pub fn text_prompts() -> impl Iterator<Item = TextPrompt> {
    let mut category = "";
    FILE.lines().filter_map(move |line| {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            category = name.trim_end_matches(']');
            return None;
        }
        (!line.is_empty() && !line.starts_with('#')).then_some(TextPrompt {
            category,
            text: line,
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use super::*;

    #[test]
    fn there_are_enough_prompts_and_no_two_are_the_same() {
        let texts: Vec<_> = text_prompts().map(|prompt| prompt.text).collect();
        let distinct: BTreeSet<_> = texts.iter().collect();
        assert!(texts.len() >= 150, "{} prompts", texts.len());
        assert_eq!(distinct.len(), texts.len());
        assert!(texts.iter().all(|text| text.chars().count() <= 1024));
    }

    #[test]
    fn all_sixteen_categories_have_their_share() {
        let mut counts = BTreeMap::new();
        for prompt in text_prompts() {
            *counts.entry(prompt.category).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 16, "{counts:?}");
        assert!(counts.values().all(|&count| count >= 9), "{counts:?}");
    }

    #[test]
    fn none_is_copied_from_the_subnet() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/prompts.txt");
        let Ok(theirs) = std::fs::read_to_string(path) else {
            println!("skipped: no ../shared");
            return;
        };
        let theirs: BTreeSet<_> = theirs.lines().map(str::trim).collect();
        let copied: Vec<_> = text_prompts()
            .filter(|prompt| theirs.contains(prompt.text))
            .collect();
        assert!(copied.is_empty(), "{copied:?}");
    }
}
