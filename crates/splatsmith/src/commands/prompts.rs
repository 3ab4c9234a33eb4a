//! Prompts as they were named on the command line.

use ::judge::Prompt;
use anyhow::Result;

use crate::config::PromptSource;
use crate::files::read_image;

/// The prompt itself; a picture is read and checked.
pub(crate) fn load(source: &PromptSource) -> Result<Prompt> {
    Ok(match source {
        PromptSource::Text(text) => Prompt::Text(text.clone()),
        PromptSource::Image(path) => Prompt::Image(read_image(path)?.into()),
    })
}
