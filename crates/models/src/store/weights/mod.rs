//! Tensors out of files: safetensors, GGUF, and the checkpoints of PyTorch, of which nothing is
//! executed.
//!
//! A file is opened once and its index of tensors checked against its length; each tensor is then
//! read by its position when it is asked for, straight into the memory it stays in. A map of the file
//! would save nothing: candle copies each tensor out of a map too, and a file that is cut short while
//! it is mapped ends the process with a bus error, where reading it is an error like any other.

mod checkpoint;
mod elements;
mod gguf;
mod legacy;
mod pickle;
mod safetensors;

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use candle_core::quantized::QTensor;
use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::VarBuilder;
use candle_nn::var_builder::SimpleBackend;

use elements::{Stored, read_blocks, read_tensor};

/// Why a file of weights cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", path.display())]
pub struct WeightsError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: String,
}

/// What is wrong with the content of a file.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{}", in_words(.0))]
    Read(#[from] io::Error),
    #[error("{0}")]
    Format(String),
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
        _ => error.to_string(),
    }
}

impl Fault {
    fn format(what: impl Into<String>) -> Self {
        Self::Format(what.into())
    }
}

/// In which precision a network gets its weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Each tensor as it is stored: files may mix precisions on purpose.
    Stored,
    /// All tensors as this.
    As(DType),
}

/// Bytes that can be read at any place.
trait Bytes: Read + Seek + Send {}

impl<T: Read + Seek + Send> Bytes for T {}

/// An opened file, or what stands for one.
struct Source {
    path: PathBuf,
    bytes: Mutex<Box<dyn Bytes>>,
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.path, formatter)
    }
}

/// The tensors of one or several files, by name.
#[derive(Debug, Clone, Default)]
pub struct Weights {
    sources: Vec<Arc<Source>>,
    tensors: Arc<HashMap<String, (usize, Stored)>>,
}

impl Weights {
    /// Opens safetensors, GGUF and PyTorch files, told apart by their content. Where state
    /// dictionaries lie in each other, names are joined by dots: `state_dict.conv1.weight`.
    ///
    /// # Errors
    /// When a file cannot be read, is of another kind, or is not whole; or when a name occurs twice.
    pub fn open<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Self, WeightsError> {
        let mut weights = Self::default();
        for path in paths {
            let path = path.as_ref();
            let file = File::open(path).map_err(|error| WeightsError {
                path: path.to_owned(),
                what: error.to_string(),
            })?;
            weights.add(path, Box::new(file))?;
        }
        Ok(weights)
    }

    /// As [`Self::open`], of one file that is in memory; `name` is what it is called in errors.
    ///
    /// # Errors
    /// When it is of another kind, or is not whole.
    pub fn from_bytes(name: impl AsRef<Path>, bytes: Vec<u8>) -> Result<Self, WeightsError> {
        let mut weights = Self::default();
        weights.add(name.as_ref(), Box::new(Cursor::new(bytes)))?;
        Ok(weights)
    }

    fn add(&mut self, path: &Path, mut bytes: Box<dyn Bytes>) -> Result<(), WeightsError> {
        let fault = |what: String| WeightsError {
            path: path.to_owned(),
            what,
        };
        let found = index(&mut *bytes).map_err(|error| fault(error.to_string()))?;
        let tensors = Arc::make_mut(&mut self.tensors);
        for (name, stored) in found {
            if tensors.contains_key(&name) {
                return Err(fault(format!("there is another tensor {name}")));
            }
            tensors.insert(name, (self.sources.len(), stored));
        }
        self.sources.push(Arc::new(Source {
            path: path.to_owned(),
            bytes: Mutex::new(bytes),
        }));
        Ok(())
    }

    /// The names of all tensors, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of a tensor and the precision it is stored in; `None` where there is none of that
    /// name.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<(&[usize], DType)> {
        let (_, stored) = self.tensors.get(name)?;
        Some((&stored.shape, stored.dtype))
    }

    /// Reads a tensor as it is stored.
    ///
    /// # Errors
    /// When there is none of that name, or the file has changed since it was opened.
    pub fn tensor(&self, name: &str, device: &Device) -> Result<Tensor, WeightsError> {
        self.read(name, |bytes, stored| read_tensor(bytes, stored, device))
    }

    /// Whether a tensor is packed in ggml's blocks, which [`Self::tensor`] unpacks to single precision.
    #[must_use]
    pub fn is_packed(&self, name: &str) -> bool {
        let tensor = self.tensors.get(name);
        tensor.is_some_and(|(_, stored)| stored.blocks.is_some())
    }

    /// Reads a tensor of ggml's blocks as it is packed.
    ///
    /// # Errors
    /// When there is none of that name, it is not packed, or the file has changed since it was opened.
    pub fn packed(&self, name: &str, device: &Device) -> Result<QTensor, WeightsError> {
        self.read(name, |bytes, stored| {
            let blocks = stored
                .blocks
                .ok_or_else(|| Fault::format("it is not packed in blocks"))?;
            read_blocks(bytes, stored, blocks, device)
        })
    }

    /// The same tensors under the names that `rename` gives them; those that get none are left out.
    ///
    /// # Errors
    /// When two get the same name.
    pub fn renamed(&self, rename: impl Fn(&str) -> Option<String>) -> Result<Self, WeightsError> {
        let mut tensors = HashMap::new();
        for (name, tensor) in self.tensors.iter() {
            let Some(fresh) = rename(name) else { continue };
            if tensors.insert(fresh.clone(), tensor.clone()).is_some() {
                return Err(self.fault(format!("two tensors are meant by {fresh}")));
            }
        }
        Ok(Self {
            sources: self.sources.clone(),
            tensors: Arc::new(tensors),
        })
    }

    fn read<T>(
        &self,
        name: &str,
        how: impl FnOnce(&mut dyn Bytes, &Stored) -> Result<T, Fault>,
    ) -> Result<T, WeightsError> {
        let Some((source, stored)) = self.tensors.get(name) else {
            return Err(self.without(name));
        };
        let source = self
            .sources
            .get(*source)
            .ok_or_else(|| self.without(name))?;
        let mut bytes = source
            .bytes
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        how(&mut **bytes, stored).map_err(|error| WeightsError {
            path: source.path.clone(),
            what: format!("tensor {name}: {error}"),
        })
    }

    /// The weights as networks take them. `device` is where the tensors are put.
    #[must_use]
    pub fn builder(&self, precision: Precision, device: &Device) -> VarBuilder<'static> {
        let dtype = match precision {
            Precision::As(dtype) => dtype,
            Precision::Stored => DType::F32,
        };
        let backend = Backend {
            weights: self.clone(),
            precision,
        };
        VarBuilder::from_backend(Box::new(backend), dtype, device.clone())
    }

    fn without(&self, name: &str) -> WeightsError {
        self.fault(format!("there is no tensor {name}"))
    }

    fn fault(&self, what: String) -> WeightsError {
        let path = self
            .sources
            .first()
            .map(|source| source.path.clone())
            .unwrap_or_default();
        WeightsError { path, what }
    }
}

/// What candle asks for tensors.
struct Backend {
    weights: Weights,
    precision: Precision,
}

impl SimpleBackend for Backend {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: candle_nn::Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        if let Some((found, _)) = self.weights.shape(name)
            && found != shape.dims()
        {
            let expected = format!(
                "tensor {name} is {found:?} where {:?} is expected",
                shape.dims()
            );
            return Err(candle_core::Error::Msg(expected));
        }
        self.get_unchecked(name, dtype, device)
    }

    fn get_unchecked(
        &self,
        name: &str,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        let tensor = self
            .weights
            .tensor(name, device)
            .map_err(candle_core::Error::wrap)?;
        match self.precision {
            Precision::Stored => Ok(tensor),
            // What was asked for: a network may want one tensor more precise than the others.
            Precision::As(_) => tensor.to_dtype(dtype),
        }
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.weights.tensors.contains_key(name)
    }
}

/// Finds out what kind of file it is, and where its tensors lie.
fn index(file: &mut dyn Bytes) -> Result<Vec<(String, Stored)>, Fault> {
    let length = file.seek(SeekFrom::End(0))?;
    if length == 0 {
        return Err(Fault::format("it is empty"));
    }
    file.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    (&mut *file)
        .take(legacy::MAGIC.len() as u64)
        .read_to_end(&mut head)?;
    let tensors = if head.starts_with(b"PK\x03\x04") {
        checkpoint::index(file, length)?
    } else if head == legacy::MAGIC {
        legacy::index(file, length)?
    } else if head.starts_with(gguf::MAGIC) {
        gguf::index(file, length)?
    } else if head.get(8) == Some(&b'{') {
        safetensors::index(file, length)?
    } else {
        return Err(Fault::format(
            "neither safetensors nor GGUF nor a PyTorch checkpoint",
        ));
    };
    if tensors.is_empty() {
        return Err(Fault::format("it holds no tensor by name"));
    }
    Ok(tensors)
}
