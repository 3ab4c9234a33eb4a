//! Tensors as PyTorch describes them: a storage outside of the pickle, and which part of it.

use std::collections::HashMap;

use candle_core::DType;

use super::super::Fault;
use super::super::elements::{Stored, c_strides};
use super::{Id, Pickle, Value};

/// How deep state dictionaries may lie in each other.
const DEEPEST: usize = 8;

/// How deep a tensor's description may be wrapped (a parameter, a subclass).
const MOST_WRAPPED: usize = 4;

/// How many entries of dictionaries are looked at.
const MOST_ENTRIES: usize = 1 << 20;

/// The longest name of a tensor, in bytes.
const LONGEST_NAME: usize = 1 << 10;

/// A tensor and the storage it is part of.
struct Described<'a> {
    key: &'a str,
    dtype: DType,
    /// Elements from the beginning of the storage.
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

impl<'a> Pickle<'a> {
    /// All tensors with their names; `storage` says where the storage of a key begins and how long it
    /// is, in bytes.
    pub(in super::super) fn tensors(
        &self,
        storage: impl Fn(&str) -> Option<(u64, u64)>,
    ) -> Result<Vec<(String, Stored)>, Fault> {
        let mut found = Vec::new();
        let mut open = vec![(String::new(), self.root, 0)];
        let mut looked_at = 0;
        while let Some((name, id, depth)) = open.pop() {
            looked_at += 1;
            if looked_at > MOST_ENTRIES {
                return Err(Fault::format("its dictionaries have too many entries"));
            }
            if let Some(described) = self.described(id, 0).transpose() {
                let stored = described
                    .and_then(|tensor| tensor.placed(&storage))
                    .map_err(|error| Fault::format(format!("tensor {name}: {error}")))?;
                found.push((name, stored));
            } else if let Value::Dict(entries) = self.value(id)
                && depth < DEEPEST
            {
                open.extend(
                    entries.iter().filter_map(|&(key, value)| {
                        Some((self.name(&name, key)?, value, depth + 1))
                    }),
                );
                if open.len() > MOST_ENTRIES {
                    return Err(Fault::format("its dictionaries have too many entries"));
                }
            }
        }
        Ok(found)
    }

    fn name(&self, above: &str, key: Id) -> Option<String> {
        let key = match self.value(key) {
            Value::Text(key) => (*key).to_owned(),
            Value::Int(key) => key.to_string(),
            _ => return None,
        };
        let name = if above.is_empty() {
            key
        } else {
            format!("{above}.{key}")
        };
        (name.len() <= LONGEST_NAME).then_some(name)
    }

    /// The tensor that `id` describes; `None` where it describes something else.
    fn described(&self, id: Id, wrapped: usize) -> Result<Option<Described<'a>>, Fault> {
        let &Value::Call { callee, arguments } = self.value(id) else {
            return Ok(None);
        };
        self.rebuilt(callee, arguments, wrapped)
    }

    fn rebuilt(
        &self,
        callee: Id,
        arguments: Id,
        wrapped: usize,
    ) -> Result<Option<Described<'a>>, Fault> {
        let Value::Global { module, name } = self.value(callee) else {
            return Ok(None);
        };
        let unusual = || Fault::format("it is described in an unusual way");
        let argument = |index: usize| {
            self.tuple(arguments)
                .and_then(|tuple| tuple.get(index))
                .copied()
                .ok_or_else(unusual)
        };
        match (*module, *name) {
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => {
                let (key, dtype) = self.storage(argument(0)?).ok_or_else(unusual)??;
                let tensor = Described {
                    key,
                    dtype,
                    offset: self.size(argument(1)?).ok_or_else(unusual)?,
                    shape: self.sizes(argument(2)?).ok_or_else(unusual)?,
                    strides: self.sizes(argument(3)?).ok_or_else(unusual)?,
                };
                if tensor.shape.len() != tensor.strides.len() {
                    return Err(unusual());
                }
                Ok(Some(tensor))
            }
            _ if wrapped >= MOST_WRAPPED => Err(unusual()),
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
                self.described(argument(0)?, wrapped + 1)
            }
            ("torch._tensor", "_rebuild_from_type_v2") => {
                self.rebuilt(argument(0)?, argument(2)?, wrapped + 1)
            }
            _ => Ok(None),
        }
    }

    /// The key of a storage and what it holds: `("storage", torch.FloatStorage, key, place, count)`,
    /// and in old files a view of it, or none.
    fn storage(&self, id: Id) -> Option<Result<(&'a str, DType), Fault>> {
        let &Value::Persistent(id) = self.value(id) else {
            return None;
        };
        let [tag, kind, key, _, _, view @ ..] = self.tuple(id)? else {
            return None;
        };
        let Value::Global { name, .. } = self.value(*kind) else {
            return None;
        };
        if self.text(*tag)? != "storage" {
            return None;
        }
        if view.iter().any(|&view| *self.value(view) != Value::None) {
            return Some(Err(Fault::format("views of storages are not read here")));
        }
        let key = self.text(*key)?;
        Some(match *name {
            "FloatStorage" => Ok((key, DType::F32)),
            "DoubleStorage" => Ok((key, DType::F64)),
            "HalfStorage" => Ok((key, DType::F16)),
            "BFloat16Storage" => Ok((key, DType::BF16)),
            "LongStorage" => Ok((key, DType::I64)),
            "IntStorage" => Ok((key, DType::I32)),
            "ShortStorage" => Ok((key, DType::I16)),
            "ByteStorage" | "BoolStorage" => Ok((key, DType::U8)),
            other => Err(Fault::format(format!("a {other} is not read here"))),
        })
    }

    /// How many bytes an element of each storage has.
    pub(in super::super) fn storage_widths(&self) -> HashMap<&'a str, u64> {
        let storages = (0..self.values.len()).filter_map(|id| self.storage(id)?.ok());
        storages
            .map(|(key, dtype)| (key, dtype.size_in_bytes() as u64))
            .collect()
    }
}

impl Described<'_> {
    /// Where the tensor lies in the file.
    fn placed(self, storage: impl Fn(&str) -> Option<(u64, u64)>) -> Result<Stored, Fault> {
        let (start, size) = storage(self.key)
            .ok_or_else(|| Fault::format(format!("its storage {} is missing", self.key)))?;
        let width = self.dtype.size_in_bytes() as u64;
        let strides = Some(self.strides).filter(|strides| !lies_as_c(&self.shape, strides));
        let mut stored = Stored {
            blocks: None,
            dtype: self.dtype,
            shape: self.shape,
            offset: 0,
            strides,
        };
        let outside = || {
            Fault::format(format!(
                "it does not lie in its storage {} of {size} bytes",
                self.key
            ))
        };
        let (count, span) = stored.count().zip(stored.span()).ok_or_else(outside)?;
        let begin = (self.offset as u64)
            .checked_mul(width)
            .ok_or_else(outside)?;
        let end = (span as u64)
            .checked_mul(width)
            .and_then(|bytes| begin.checked_add(bytes));
        if end.is_none_or(|end| end > size) {
            return Err(outside());
        }
        // A few elements repeated without end would be as large as anyone likes.
        if count as u64 > size / width {
            return Err(Fault::format("it repeats elements of its storage"));
        }
        stored.offset = start.checked_add(begin).ok_or_else(outside)?;
        Ok(stored)
    }
}

/// Whether the strides are C's, those of dimensions of size 1 aside, which nobody steps along.
fn lies_as_c(shape: &[usize], strides: &[usize]) -> bool {
    let usual = c_strides(shape);
    shape
        .iter()
        .zip(strides)
        .zip(&usual)
        .all(|((&size, stride), usual)| size <= 1 || stride == usual)
}
