//! `splatsmith serve`.

use std::net::IpAddr;

use clap::Args;

use super::GenerationArgs;

/// `splatsmith serve`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    /// The address to listen at; other machines reach 0.0.0.0, which asks for --api-key or --no-auth
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1",
        help_heading = "Server"
    )]
    pub(crate) host: IpAddr,

    /// The port; 0 takes a free one
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 10006,
        help_heading = "Server"
    )]
    pub(crate) port: u16,

    /// Answer only who sends this key as a bearer token; better given in SPLATSMITH_API_KEY, where other
    /// users of this machine do not see it
    #[arg(long, value_name = "KEY", help_heading = "Server")]
    pub(crate) api_key: Option<String>,

    /// Answer everybody who reaches the port
    #[arg(long, help_heading = "Server", value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) no_auth: bool,

    /// Requests that may wait for a generator; further ones are told to come again
    #[arg(long, value_name = "N", default_value_t = 16, help_heading = "Server")]
    pub(crate) queue: u16,

    /// How long what is in hand may take after Ctrl-C or SIGTERM, while what is new is refused
    #[arg(
        long,
        value_name = "TIME",
        default_value = "60s",
        help_heading = "Server"
    )]
    pub(crate) drain: String,

    /// Begin nothing new while assets of more than so many megabytes wait for slow readers
    #[arg(
        long,
        value_name = "MB",
        default_value_t = 2048,
        help_heading = "Server"
    )]
    pub(crate) unsent: u32,

    /// Finished jobs to keep at most; the oldest leave first
    #[arg(
        long = "jobs.count",
        id = "jobs.count",
        value_name = "N",
        default_value_t = 256,
        help_heading = "Server"
    )]
    pub(crate) job_count: u16,

    /// Megabytes of their results to keep at most
    #[arg(
        long = "jobs.memory",
        id = "jobs.memory",
        value_name = "MB",
        default_value_t = 2048,
        help_heading = "Server"
    )]
    pub(crate) job_memory: u32,

    /// Forget a finished job after this time
    #[arg(
        long = "jobs.keep",
        id = "jobs.keep",
        value_name = "TIME",
        default_value = "1h",
        help_heading = "Server"
    )]
    pub(crate) job_keep: String,

    /// What batches are answered with: ply, spz, spz-niantic, spz-niantic-v3 or splat
    #[arg(
        long = "batch.format",
        id = "batch.format",
        value_name = "FORMAT",
        default_value = "ply",
        help_heading = "Server"
    )]
    pub(crate) batch_format: String,

    /// Fetch the images of batches from private addresses too: whoever may ask can make this machine knock
    /// at its neighbours
    #[arg(
        long = "batch.allow-private-images",
        id = "batch.allow-private-images",
        help_heading = "Server",
        value_parser = clap::builder::BoolishValueParser::new()
    )]
    pub(crate) private_images: bool,

    /// The score from which the judge lets a cloud pass
    #[arg(long, value_name = "SCORE", default_value_t = 0.6)]
    pub(crate) validation_threshold: f64,

    /// Begin no further candidate for a request after this time
    #[arg(long, value_name = "TIME")]
    pub(crate) budget: Option<String>,

    /// The generators.
    #[command(flatten)]
    pub(crate) generation: GenerationArgs,
}
