//! The ZIP of a batch, put together as its assets are made.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use futures_util::stream;
use rawzip::{CompressionMethod, ZipArchiveWriter};

/// What failed, and why, by stem.
const MANIFEST: &str = "_failed.json";

/// The largest manifest that is read, in bytes (`generation_orchestrator/settings.py`).
const LARGEST_MANIFEST: usize = 16 << 10;

/// What an archive may have, in bytes: what every reader of ZIPs understands, and a batch of 32 of the
/// largest assets fits in half of it once compressed.
const LARGEST: u64 = 4_000_000_000;

/// How much of an archive is handed to a connection at a time.
const CHUNK: usize = 64 << 10;

/// Splats are noise to a compressor: trying harder takes seconds and gains nothing.
const LEVEL: Compression = Compression::fast();

/// An archive that grows.
pub(crate) struct ArchiveWriter {
    zip: ZipArchiveWriter<Parts>,
    failed: BTreeMap<String, String>,
}

/// A finished archive, always the same bytes.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    parts: Vec<Bytes>,
}

/// What is written, entry by entry, so that no large buffer is ever moved to grow.
#[derive(Default)]
struct Parts {
    finished: Vec<Bytes>,
    current: Vec<u8>,
}

impl Parts {
    fn turn_over(&mut self) {
        let part = std::mem::take(&mut self.current);
        if !part.is_empty() {
            self.finished.push(part.into());
        }
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.current.len() >= CHUNK {
            self.turn_over();
        }
        self.current.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ArchiveWriter {
    pub(crate) fn new() -> Self {
        Self {
            zip: ZipArchiveWriter::new(Parts::default()),
            failed: BTreeMap::new(),
        }
    }

    /// Puts an asset in, or among what failed if it does not fit.
    pub(crate) fn add(&mut self, stem: &str, extension: &str, asset: &[u8]) {
        let name = format!("{stem}.{extension}");
        // Deflate makes nothing larger than this.
        let largest =
            self.zip.stream_offset() + asset.len() as u64 + asset.len() as u64 / 1000 + 1024;
        if largest > LARGEST {
            return self.fail(stem, "the archive would be larger than 4 GB");
        }
        if let Err(error) = self.write(&name, asset) {
            // Memory cannot fail to be written; if it did, the entry would be listed nowhere.
            self.fail(stem, &error.to_string());
        }
    }

    /// Says why there is no asset.
    pub(crate) fn fail(&mut self, stem: &str, reason: &str) {
        self.failed.insert(stem.to_owned(), reason.to_owned());
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), rawzip::Error> {
        let file = self.zip.new_file(name);
        let (mut entry, config) = file
            .compression_method(CompressionMethod::DEFLATE)
            .start()?;
        let mut writer = config.wrap(DeflateEncoder::new(&mut entry, LEVEL));
        writer.write_all(bytes)?;
        let (encoder, descriptor) = writer.finish()?;
        encoder.finish()?;
        entry.finish(descriptor)?;
        Ok(())
    }

    /// The archive; with the manifest, if anything failed.
    pub(crate) fn finish(mut self) -> Archive {
        if !self.failed.is_empty() {
            let manifest = manifest(&self.failed);
            if let Err(error) = self.write(MANIFEST, &manifest) {
                tracing::error!(%error, "a batch's manifest could not be written");
            }
        }
        match self.zip.finish() {
            Ok(mut parts) => {
                parts.turn_over();
                Archive {
                    parts: parts.finished,
                }
            }
            Err(error) => {
                tracing::error!(%error, "a batch's archive could not be finished");
                Archive::default()
            }
        }
    }
}

/// The manifest, its reasons cut so short that it is read.
fn manifest(failed: &BTreeMap<String, String>) -> Vec<u8> {
    for longest in [400, 200, 100, 50, 20] {
        let cut = |(stem, reason): (&String, &String)| {
            // In ASCII, so that no character takes more room than it has bytes.
            let plain = |c: char| {
                if c.is_ascii() && !c.is_ascii_control() {
                    c
                } else {
                    '?'
                }
            };
            let reason: String = reason.chars().map(plain).take(longest).collect();
            (stem.clone(), reason)
        };
        let short: BTreeMap<String, String> = failed.iter().map(cut).collect();
        let written = serde_json::to_vec_pretty(&short).unwrap_or_default();
        if written.len() <= LARGEST_MANIFEST {
            return written;
        }
    }
    b"{}".to_vec()
}

impl Archive {
    /// The bytes, in chunks: whoever fetches them holds no more than one, and none announces how many
    /// there are, since proxies cut answers that announce too much.
    pub(crate) fn body(self: &Arc<Self>) -> Body {
        let place = (Arc::clone(self), 0, 0);
        let chunks = stream::unfold(place, |(archive, mut part, mut offset)| async move {
            if offset == archive.parts.get(part)?.len() {
                part += 1;
                offset = 0;
            }
            let bytes = archive.parts.get(part)?;
            let end = (offset + CHUNK).min(bytes.len());
            let chunk = bytes.slice(offset..end);
            Some((Ok::<_, Infallible>(chunk), (archive, part, end)))
        });
        Body::from_stream(chunks)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use rawzip::ZipArchive;

    use super::*;

    fn unpacked(archive: &Archive) -> BTreeMap<String, Vec<u8>> {
        let bytes = archive.parts.concat();
        let archive = ZipArchive::from_slice(&bytes).unwrap();
        let mut files = BTreeMap::new();
        let mut entries = archive.entries();
        while let Some(entry) = entries.next_entry().unwrap() {
            assert_eq!(entry.compression_method(), CompressionMethod::DEFLATE);
            let name = entry.file_path().try_normalize().unwrap();
            let name = name.as_ref().to_owned();
            let local = archive.get_entry(entry.wayfinder()).unwrap();
            let inflated = flate2::bufread::DeflateDecoder::new(local.data());
            let mut content = Vec::new();
            let mut reader = local.verifying_reader(inflated);
            reader.read_to_end(&mut content).unwrap();
            files.insert(name, content);
        }
        files
    }

    #[test]
    fn what_goes_in_comes_out() {
        let noise: Vec<u8> = (0..300_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        let mut writer = ArchiveWriter::new();
        writer.add("a", "ply", &noise);
        writer.add("b", "ply", b"");
        writer.fail("c", "inference timeout");
        let files = unpacked(&writer.finish());
        assert_eq!(files["a.ply"], noise);
        assert_eq!(files["b.ply"], b"");
        let manifest: serde_json::Value = serde_json::from_slice(&files["_failed.json"]).unwrap();
        assert_eq!(manifest, serde_json::json!({ "c": "inference timeout" }));
        assert_eq!(files.len(), 3);
    }

    #[test]
    fn nothing_failed_means_no_manifest_and_nothing_at_all_an_empty_archive() {
        let mut writer = ArchiveWriter::new();
        writer.add("a", "spz", b"x");
        assert_eq!(unpacked(&writer.finish()).len(), 1);
        assert!(unpacked(&ArchiveWriter::new().finish()).is_empty());
    }

    #[test]
    fn a_manifest_stays_as_small_as_it_is_read() {
        let mut writer = ArchiveWriter::new();
        for number in 0..99 {
            writer.fail(&format!("{number:064}"), &"ü\n\"\\".repeat(1000));
        }
        let files = unpacked(&writer.finish());
        let manifest = &files["_failed.json"];
        assert!(manifest.len() <= LARGEST_MANIFEST);
        let manifest: BTreeMap<String, String> = serde_json::from_slice(manifest).unwrap();
        assert_eq!(manifest.len(), 99);
        assert!(manifest.values().all(|reason| reason.len() >= 20));
    }
}
