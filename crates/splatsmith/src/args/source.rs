//! Who hands out tasks.

use std::path::PathBuf;

use clap::Args;

/// Validators, a gateway, or both.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Source")]
pub(crate) struct SourceArgs {
    /// Where tasks come from: validators, gateway, or both
    #[arg(
        long,
        value_name = "SOURCE",
        num_args = 1..,
        value_delimiter = ',',
        default_value = "validators"
    )]
    pub(crate) source: Vec<String>,

    /// The gateway's address, such as https://gateway.example; only this address is called
    #[arg(long = "gateway.url", id = "gateway.url", value_name = "URL")]
    pub(crate) url: Option<String>,

    /// Authorities to trust beside those that browsers trust, where the gateway is https (PEM)
    #[arg(long = "gateway.ca", id = "gateway.ca", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,

    /// What this worker is called; the gateway's clients are shown it
    #[arg(
        long = "gateway.worker-id",
        id = "gateway.worker-id",
        value_name = "NAME",
        default_value = "splatsmith"
    )]
    pub(crate) worker_id: String,

    /// Take only tasks for one of these tags; without any, only tasks that are for no tag
    #[arg(
        long = "gateway.worker-tags",
        id = "gateway.worker-tags",
        value_name = "TAG",
        num_args = 1..,
        value_delimiter = ','
    )]
    pub(crate) worker_tags: Vec<String>,

    /// The gateway's name for the model whose tasks are wanted; its results are SPZ
    #[arg(
        long = "gateway.model",
        id = "gateway.model",
        value_name = "MODEL",
        default_value = "404-3dgs"
    )]
    pub(crate) model: String,

    /// How often to ask the gateway while it has no task
    #[arg(
        long = "gateway.poll",
        id = "gateway.poll",
        value_name = "TIME",
        default_value = "2s"
    )]
    pub(crate) poll: String,
}
