//! How clouds are judged.

use clap::Args;

use super::StoreArgs;

/// The judge's networks and what it goes by.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Judging")]
pub(crate) struct JudgingArgs {
    /// What decides whether a cloud passes: score (the validator's), screening (CLIP cosine and splat
    /// floor), or both [default: score]
    #[arg(long = "judge-by", value_name = "MEASURE")]
    pub(crate) judge_by: Option<String>,

    /// Screening: least mean CLIP cosine of four views with the prompt [default: 0.2]
    #[arg(long = "clip-threshold", value_name = "COSINE")]
    pub(crate) clip_threshold: Option<f64>,

    /// Screening: fewest splats [default: 150000]
    #[arg(long = "splat-floor", value_name = "N")]
    pub(crate) splat_floor: Option<usize>,

    /// Where the networks' weights are kept.
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}
