//! What makes the clouds.

use std::path::PathBuf;

use clap::Args;

use super::{JudgingArgs, NativeArgs};

/// The generator, and how much of it one prompt gets.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Generation")]
pub(crate) struct GenerationArgs {
    /// auto (trellis where its weights are here, else sketch), trellis (our own networks), sketch (needs
    /// no weights, for rehearsals), or the URL of a generation endpoint
    #[arg(long, value_name = "BACKEND", default_value = "auto")]
    pub(crate) backend: String,

    /// Generation endpoints to share the work with, beside this machine's own models
    #[arg(
        long = "generation.endpoints",
        id = "generation.endpoints",
        value_name = "URL",
        num_args = 1..,
        value_delimiter = ','
    )]
    pub(crate) endpoints: Vec<String>,

    /// How many requests at a time to send to an endpoint that does not say on how many it works; those of
    /// `splatsmith serve` say so
    #[arg(
        long = "generation.parallel",
        id = "generation.parallel",
        value_name = "N",
        default_value_t = 1
    )]
    pub(crate) parallel: usize,

    /// Which way is up in what endpoints make: y-up, y-down, or auto, which is +Y for text, as base
    /// miners make it, and −Y for images, as pods do
    #[arg(
        long = "generation.frame",
        id = "generation.frame",
        value_name = "FRAME",
        default_value = "auto"
    )]
    pub(crate) frame: String,

    /// Authorities to trust beside those that browsers trust, where endpoints are https (PEM)
    #[arg(long = "generation.ca", id = "generation.ca", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,

    /// How many candidates to make for one prompt at most; the best judged one is taken [default: what
    /// --categories says of the prompt's category, 1 where it is not told otherwise]
    #[arg(long, value_name = "N")]
    pub(crate) candidates: Option<u32>,

    /// Take the first candidate unjudged
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) no_validation: bool,

    /// Our own networks.
    #[command(flatten)]
    pub(crate) native: NativeArgs,

    /// How candidates are judged.
    #[command(flatten)]
    pub(crate) judging: JudgingArgs,
}
