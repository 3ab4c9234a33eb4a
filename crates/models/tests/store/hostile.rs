//! Files made to hurt: an error each, never a panic, never more memory than the file is worth.

use candle_core::Device;
use models::store::Weights;

use super::checkpoints::data;

/// Opens the bytes as a file and reads every tensor; the message where that fails.
fn tried(bytes: &[u8]) -> Result<usize, String> {
    let weights =
        Weights::from_bytes("some.weights", bytes.to_vec()).map_err(|error| error.to_string())?;
    let names: Vec<&str> = weights.names().collect();
    for name in &names {
        weights
            .tensor(name, &Device::Cpu)
            .map_err(|error| error.to_string())?;
    }
    Ok(names.len())
}

fn refused(bytes: &[u8], words: &str) {
    let error = tried(bytes).expect_err(words);
    assert!(
        error.contains(words),
        "{error:?} where {words:?} is expected"
    );
    assert!(
        error.starts_with("some.weights: "),
        "does not name the file: {error}"
    );
}

fn safetensors(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

fn f32_at(shape: &str, begin: usize, end: usize) -> String {
    format!(r#"{{"dtype":"F32","shape":{shape},"data_offsets":[{begin},{end}]}}"#)
}

#[test]
fn lengths_are_not_believed() {
    for size in [u64::MAX, 1 << 40, 99_999_999, 3] {
        let mut bytes = size.to_le_bytes().to_vec();
        bytes.extend(b"{}");
        refused(&bytes, "claims");
    }
    refused(b"", "it is empty");
    refused(b"\x02\0\0\0\0\0\0\0", "neither safetensors nor");
    refused(&[0; 64], "neither safetensors nor");
    refused(
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n",
        "neither safetensors nor",
    );
}

#[test]
fn tensors_lie_where_they_say_and_nowhere_else() {
    let whole = f32_at("[2]", 0, 8);
    refused(
        &safetensors(&format!(r#"{{"a":{whole}}}"#), 7),
        "bytes long where its index tells of",
    );
    refused(
        &safetensors(&format!(r#"{{"a":{whole}}}"#), 9),
        "long where its index tells of",
    );
    refused(
        &safetensors(&format!(r#"{{"a":{whole},"b":{whole}}}"#), 8),
        "cannot be read",
    );
    refused(
        &safetensors(&format!(r#"{{"a":{}}}"#, f32_at("[2]", 4, 12)), 12),
        "cannot be read",
    );
    refused(
        &safetensors(&format!(r#"{{"a":{}}}"#, f32_at("[3]", 0, 8)), 8),
        "cannot be read",
    );
    refused(
        &safetensors(&format!(r#"{{"a":{}}}"#, f32_at("[2]", 8, 0)), 8),
        "cannot be read",
    );
    let huge = format!(r#"{{"a":{}}}"#, f32_at("[4294967296,4294967296,4]", 0, 8));
    refused(&safetensors(&huge, 8), "cannot be read");
    let wide = format!(r#"{{"a":{}}}"#, f32_at("[4611686018427387904]", 0, 1 << 40));
    refused(&safetensors(&wide, 8), "cannot be read");
}

#[test]
fn an_index_that_is_none_is_refused() {
    refused(&safetensors("{", 0), "cannot be read");
    refused(&safetensors("{}", 0), "holds no tensor");
    refused(
        &safetensors(&format!("{{\"a\":{}", "[".repeat(100_000)), 0),
        "cannot be read",
    );
    refused(
        &safetensors(
            r#"{"a":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}"#,
            1,
        ),
        "not read here",
    );
    refused(
        &safetensors(r#"{"__metadata__":{"a":1}}"#, 0),
        "cannot be read",
    );
}

#[test]
fn compressed_members_are_not_unpacked() {
    let mut bytes = std::fs::read(data("plain.pt")).unwrap();
    // The method of every member, in the local and the central headers.
    for at in 0..bytes.len() - 12 {
        match bytes[at..at + 4] {
            [b'P', b'K', 3, 4] => bytes[at + 8] = 8,
            [b'P', b'K', 1, 2] => bytes[at + 10] = 8,
            _ => {}
        }
    }
    refused(&bytes, "compressed");
}

#[test]
fn programs_are_not_checkpoints() {
    let zip = std::fs::read(data("plain.pt")).unwrap();
    let cut = &zip[..zip.len() / 2];
    refused(cut, "archive cannot be read");
    let renamed: Vec<u8> = String::from_utf8_lossy(b"data.pkl").bytes().collect();
    let mut without = zip.clone();
    for at in 0..without.len() - renamed.len() {
        if without[at..].starts_with(&renamed) {
            without[at] = b'x';
        }
    }
    refused(&without, "it needs one data.pkl");
}

#[test]
fn a_short_legacy_file_is_refused() {
    let whole = std::fs::read(data("plain.legacy.pt")).unwrap();
    for length in 0..whole.len() {
        assert!(
            tried(&whole[..length]).is_err(),
            "{length} bytes of {} are enough",
            whole.len()
        );
    }
}

/// Every byte of every kind of file, changed in two ways. What comes out may be wrong numbers, an
/// error, or a file that is as good as before, but it comes out.
#[test]
fn no_changed_byte_does_harm() {
    for name in [
        "plain.safetensors",
        "plain.pt",
        "plain.legacy.pt",
        "nested.pt",
        "nested.legacy.pt",
    ] {
        let mut bytes = std::fs::read(data(name)).unwrap();
        let mut refused = 0;
        for at in 0..bytes.len() {
            let byte = bytes[at];
            for changed in [byte ^ 0xff, byte.wrapping_add(1)] {
                bytes[at] = changed;
                refused += usize::from(tried(&bytes).is_err());
            }
            bytes[at] = byte;
        }
        assert!(
            refused > bytes.len() / 8,
            "{name}: only {refused} changes were noticed"
        );
    }
}
