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
