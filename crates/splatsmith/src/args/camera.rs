//! `splatsmith render`: the orbit camera's defaults are the 2025 validator's.

use std::path::PathBuf;

use clap::Args;

/// `splatsmith render`.
#[derive(Debug, Clone, Args)]
pub(crate) struct RenderArgs {
    /// The splat cloud, PLY or SPZ
    pub(crate) file: PathBuf,

    /// A folder for view_00.png …, or one .png (contact sheet), .gif or .mp4 (turntable)
    #[arg(short, long, value_name = "DIR|FILE")]
    pub(crate) output: PathBuf,

    /// Views around the orbit; the last one closes the circle, as the validator's does
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub(crate) views: u32,

    /// Width and height of a view in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 518)]
    pub(crate) size: u32,

    /// Where the orbit starts, in degrees; with one view, where the camera stands
    #[arg(
        long,
        value_name = "DEGREES",
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    pub(crate) azimuth: f64,

    /// Elevation in degrees, in the validator's sense: −15 looks down from a little above
    #[arg(long, value_name = "DEGREES", default_value_t = -15.0, allow_negative_numbers = true)]
    pub(crate) elevation: f64,

    /// Distance of the camera from the centre
    #[arg(long, value_name = "DISTANCE", default_value_t = 2.5)]
    pub(crate) radius: f64,

    /// Vertical field of view in degrees
    #[arg(long, value_name = "DEGREES", default_value_t = 49.1)]
    pub(crate) fov: f64,

    /// Scale the longest side to this, dimming as the validator does; 0 leaves the size alone
    /// [default: the profile's]
    #[arg(long, value_name = "LENGTH")]
    pub(crate) extent: Option<f32>,

    /// white, black, or a colour as #rrggbb
    #[arg(long, value_name = "COLOUR", default_value = "white")]
    pub(crate) background: String,

    /// Which way up FILE is: pull-2025 (+Y up) or viewer (−Y up)
    #[arg(long, value_name = "PROFILE", default_value = "pull-2025")]
    pub(crate) profile: String,
}
