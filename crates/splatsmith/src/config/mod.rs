//! What was meant: flags that have been checked, as the rooms below want them.
//!
//! Each `args` group becomes a configuration here. Checks do not stop at the first fault: every
//! one is noted in [`Problems`] with its remedy, so that one run of the command shows them all.

mod asset;
mod authorities;
mod duration;
mod generation;
mod judging;
mod limits;
mod mining;
mod models;
mod native;
mod network;
mod problems;
mod rehearsing;
mod rendering;
mod serving;
mod source;
mod wallet;

pub(crate) use asset::{
    PromptSource, colour, container, container_named, profile, prompt, upright,
};
pub(crate) use authorities::Authorities;
pub(crate) use duration::duration;
pub(crate) use generation::{Backend, GenerationConfig};
pub(crate) use judging::JudgingConfig;
pub(crate) use limits::LimitConfig;
pub(crate) use mining::{MineConfig, data_dir};
pub(crate) use models::{chosen, places, pulling};
pub(crate) use native::{NativeConfig, categories, check_vram};
pub(crate) use network::NetworkConfig;
pub use problems::{Problem, Problems};
pub(crate) use rehearsing::RehearseConfig;
pub(crate) use rendering::{Backdrop, FilmFormat, Layer, RenderConfig, SHEET_GAP, Target};
pub(crate) use serving::ServingConfig;
pub(crate) use source::SourceConfig;
pub(crate) use wallet::WalletConfig;

/// One line of the effective configuration: the flag's name and its value, fit for a log.
pub(crate) type Setting = (&'static str, String);

/// `name=value` for each setting, in order: what is logged at the start of a long run.
pub(crate) fn effective(settings: &[Setting]) -> String {
    settings
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join(" ")
}
