//! The index of a safetensors file: <https://github.com/huggingface/safetensors#format>.

use std::io::{Read, SeekFrom};

use candle_core::DType;
use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::elements::Stored;
use super::{Bytes, Fault};

/// The largest index there may be, in bytes; the reference's own limit.
const LARGEST_HEADER: u64 = 100_000_000;

/// Where the tensors of the file lie. The crate checks that they follow each other without holes or
/// overlaps and are as long as their shapes say; that they fill the file is checked here.
pub(super) fn index(file: &mut dyn Bytes, length: u64) -> Result<Vec<(String, Stored)>, Fault> {
    let mut size = [0; 8];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut size)?;
    let size = u64::from_le_bytes(size);
    if size > LARGEST_HEADER || size > length.saturating_sub(8) {
        return Err(Fault::format(format!(
            "its index claims {size} bytes of a file of {length}"
        )));
    }
    let mut header = Vec::new();
    (&mut *file).take(size).read_to_end(&mut header)?;
    let metadata: Metadata = serde_json::from_slice(&header)
        .map_err(|error| Fault::format(format!("its index cannot be read: {error}")))?;
    let data = 8 + size;
    let whole = data.saturating_add(metadata.data_len() as u64);
    if whole != length {
        return Err(Fault::format(format!(
            "it is {length} bytes long where its index tells of {whole}"
        )));
    }
    metadata
        .tensors()
        .into_iter()
        .map(|(name, info)| {
            let dtype = dtype(info.dtype).ok_or_else(|| {
                Fault::format(format!(
                    "tensor {name}: elements of type {:?} are not read here",
                    info.dtype
                ))
            })?;
            let offset = data.saturating_add(info.data_offsets.0 as u64);
            Ok((
                name,
                Stored {
                    dtype,
                    blocks: None,
                    shape: info.shape.clone(),
                    offset,
                    strides: None,
                },
            ))
        })
        .collect()
}

fn dtype(dtype: Dtype) -> Option<DType> {
    Some(match dtype {
        Dtype::BOOL | Dtype::U8 => DType::U8,
        Dtype::U32 => DType::U32,
        Dtype::I16 => DType::I16,
        Dtype::I32 => DType::I32,
        Dtype::I64 => DType::I64,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        Dtype::F32 => DType::F32,
        Dtype::F64 => DType::F64,
        _ => return None,
    })
}
