//! Buffers and views into them.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use gltf_json::{Index, Root, buffer::View};
use percent_encoding::percent_decode_str;

use crate::{MeshError, Resolve};

/// Exporters differ in whether they pad.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of every buffer.
pub(super) struct Buffers<'a> {
    bytes: Vec<Cow<'a, [u8]>>,
}

impl<'a> Buffers<'a> {
    pub(super) fn load(
        root: &Root,
        binary: Option<&'a [u8]>,
        resolve: Resolve<'_>,
    ) -> Result<Self, MeshError> {
        let bytes = root.buffers.iter().enumerate().map(|(index, buffer)| {
            match (&buffer.uri, binary) {
                (Some(uri), _) => fetch(uri, resolve).map(Cow::Owned),
                (None, Some(binary)) if index == 0 => Ok(Cow::Borrowed(binary)),
                // A compressed buffer's stand-in, or a lack that shows when something reads it.
                (None, _) => Ok(Cow::Borrowed(&[][..])),
            }
        });
        let bytes = bytes.collect::<Result<_, _>>()?;
        Ok(Self { bytes })
    }

    /// The bytes of a view, and the stride it prescribes.
    pub(super) fn view(
        &self,
        root: &Root,
        index: Index<View>,
    ) -> Result<(&[u8], Option<usize>), MeshError> {
        let view = root.buffer_views.get(index.value());
        let view = view.ok_or_else(|| absent("buffer view", index.value()))?;
        let compressed = view.extensions.as_ref().and_then(|extensions| {
            let names = ["EXT_meshopt_compression", "KHR_meshopt_compression"];
            names
                .into_iter()
                .find(|name| extensions.others.contains_key(*name))
        });
        let buffer = view.buffer.value();
        let bytes = self
            .bytes
            .get(buffer)
            .ok_or_else(|| absent("buffer", buffer))?;
        let start = view.byte_offset.unwrap_or_default().0;
        let slice = slice(bytes, start, view.byte_length.0);
        let slice = slice.ok_or_else(|| match compressed {
            Some(name) => MeshError::extension(name),
            None => MeshError::gltf(format!(
                "buffer view {} reaches beyond its buffer of {} bytes",
                index.value(),
                bytes.len()
            )),
        })?;
        Ok((slice, view.byte_stride.map(|stride| stride.0)))
    }
}

pub(super) fn absent(what: &str, index: usize) -> MeshError {
    MeshError::gltf(format!("there is no {what} {index}"))
}

pub(super) fn slice(bytes: &[u8], start: u64, length: u64) -> Option<&[u8]> {
    let start = usize::try_from(start).ok()?;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    bytes.get(start..end)
}

/// The bytes behind a `data:` URI or a relative reference.
pub(super) fn fetch(uri: &str, resolve: Resolve<'_>) -> Result<Vec<u8>, MeshError> {
    if let Some(data) = uri.strip_prefix("data:") {
        let (_, encoded) = data
            .split_once(";base64,")
            .ok_or_else(|| MeshError::gltf("a data URI is not base64"))?;
        return BASE64
            .decode(encoded)
            .map_err(|error| MeshError::gltf(format!("a data URI is no base64: {error}")));
    }
    let path = percent_decode_str(uri).decode_utf8_lossy();
    resolve(&path).ok_or_else(|| MeshError::missing(&path))
}
