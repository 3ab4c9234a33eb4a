//! Cuts the subject out of a picture and inflates its silhouette.

use super::Sculpture;
use crate::generator::GenerateError;

/// Builds the subject of an encoded picture.
///
/// # Errors
/// [`GenerateError::Prompt`] when the bytes are no picture that can be used.
pub(crate) fn inflate_picture(
    _bytes: &[u8],
    _seed: u64,
    _splats: usize,
    _cancelled: &dyn Fn() -> bool,
) -> Result<Sculpture, GenerateError> {
    Err(GenerateError::Prompt("pictures come next".to_owned()))
}
