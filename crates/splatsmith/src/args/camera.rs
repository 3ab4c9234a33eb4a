//! `splatsmith render`: the orbit camera's defaults are the 2025 validator's.

use std::path::PathBuf;

use clap::Args;

/// `splatsmith render`.
#[derive(Debug, Clone, Args)]
pub(crate) struct RenderArgs {
    /// The splat cloud, PLY or SPZ
    pub(crate) file: PathBuf,

    /// A folder for view_00.png …, a .png (contact sheet), or a turntable: .gif, .webp, .apng or
    /// .mp4 (needs ffmpeg)
    #[arg(short, long, value_name = "DIR|FILE")]
    pub(crate) output: PathBuf,

    /// Views around the orbit; but in a turntable, the last one closes the circle, as the
    /// validator's does [default: 16, or 48 in a turntable]
    #[arg(long, value_name = "N")]
    pub(crate) views: Option<u32>,

    /// The duel judge's picture: views 1, 5, 9 and 13 of sixteen, two by two, 5 black pixels apart
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) grid: bool,

    /// What to show: colour, alpha (coverage), depth (near is bright) or normal (which way the
    /// surface faces: red right, green up, blue towards the camera)
    #[arg(long, value_name = "LAYER", default_value = "colour")]
    pub(crate) layer: String,

    /// Views per second of a turntable [default: 16]
    #[arg(long, value_name = "RATE")]
    pub(crate) fps: Option<f64>,

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

    /// white, black, a colour as #rrggbb, or transparent [default: white; black for --layer alpha,
    /// depth and normal]
    #[arg(long, value_name = "COLOUR")]
    pub(crate) background: Option<String>,

    /// Which way up FILE is: pull-2025 (+Y up) or viewer (−Y up)
    #[arg(long, value_name = "PROFILE", default_value = "pull-2025")]
    pub(crate) profile: String,

    /// What to render on: auto (a GPU if this build knows how and there is one), cpu or gpu
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub(crate) device: String,

    /// Print what was written as JSON on stdout
    #[arg(long, value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) json: bool,
}
