//! How clouds are judged.

use judge::{JudgeConfig, Policy};
use models::store::Places;

use super::{Problems, Setting, places};
use crate::args::JudgingArgs;

/// The judge's rules, and where its networks are.
#[derive(Debug, Clone)]
pub(crate) struct JudgingConfig {
    /// What it goes by.
    pub(crate) rules: JudgeConfig,
    /// Where the weights lie; `None` on a machine that has no place for them.
    pub(crate) places: Option<Places>,
}

impl JudgingConfig {
    /// Checks what was typed.
    pub(crate) fn check(args: &JudgingArgs, problems: &mut Problems) -> Self {
        let standard = JudgeConfig::default();
        let clip_threshold = args.clip_threshold.unwrap_or(standard.clip_threshold);
        if !(-1.0..=1.0).contains(&clip_threshold) {
            problems.add(
                format!("--clip-threshold {clip_threshold}: out of range"),
                "give -1 to 1",
            );
        }
        let policy = match args.judge_by.as_deref() {
            None | Some("score") => Policy::Score,
            Some("screening") => Policy::Screening,
            Some("both") => Policy::Both,
            Some(other) => {
                problems.add(
                    format!("--judge-by {other}: no such measure"),
                    "give score, screening or both",
                );
                Policy::Score
            }
        };
        let places = if args.store.models_dir.is_some() {
            places(&args.store, problems)
        } else {
            Places::standard().ok()
        };
        Self {
            rules: JudgeConfig {
                clip_threshold,
                splat_floor: args.splat_floor.unwrap_or(standard.splat_floor),
                policy,
                ..standard
            },
            places,
        }
    }

    /// For the log.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        let rules = &self.rules;
        let by = match rules.policy {
            Policy::Score => "score",
            Policy::Screening => "screening",
            Policy::Both => "both",
        };
        vec![
            ("judge-by", by.to_owned()),
            ("clip-threshold", rules.clip_threshold.to_string()),
            ("splat-floor", rules.splat_floor.to_string()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_decides_unless_told_otherwise() {
        let mut problems = Problems::default();
        let config = JudgingConfig::check(&JudgingArgs::default(), &mut problems);
        assert_eq!(config.rules, JudgeConfig::default());
        let typed = JudgingArgs {
            judge_by: Some("both".to_owned()),
            clip_threshold: Some(0.25),
            splat_floor: Some(7000),
            ..JudgingArgs::default()
        };
        let rules = JudgingConfig::check(&typed, &mut problems).rules;
        assert_eq!(rules.policy, Policy::Both);
        assert_eq!((rules.clip_threshold, rules.splat_floor), (0.25, 7000));
        assert_eq!(problems.iter().count(), 0);
        let typed = JudgingArgs {
            judge_by: Some("feeling".to_owned()),
            clip_threshold: Some(f64::NAN),
            ..JudgingArgs::default()
        };
        JudgingConfig::check(&typed, &mut problems);
        assert_eq!(problems.iter().count(), 2);
    }
}
