//! A reader of the pickles in PyTorch's checkpoints, that executes nothing.
//!
//! A pickle is a program for a stack machine. Python's would import and call whatever it names; this
//! one builds a description: a call is kept as "this name with these arguments", and only the few
//! names by which PyTorch rebuilds tensors mean anything to [`Pickle::tensors`]. Values lie in one
//! list and refer to each other by number, so that a value used twice is there once, cycles do no
//! harm, and dropping them needs no recursion.
//!
//! Opcodes: CPython's `Lib/pickletools.py`. Which tensors: PyTorch's `torch/_utils.py`.

mod machine;
mod tensors;

use super::Fault;

/// The largest pickle that is read, in bytes. That of CLIP ViT-L/14, with 590 tensors, has 100 KiB.
pub(super) const LARGEST_PICKLE: u64 = 16 << 20;

/// The most values a pickle may make.
const MOST_VALUES: usize = 1 << 20;

/// The number of a value.
type Id = usize;

/// What a pickle describes.
#[derive(Debug, Clone, PartialEq)]
enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    Text(&'a str),
    Tuple(Vec<Id>),
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// Something of a module, by name.
    Global {
        module: &'a str,
        name: &'a str,
    },
    /// Something called, or an object made, with these arguments.
    Call {
        callee: Id,
        arguments: Id,
    },
    /// Something that lies outside of the pickle.
    Persistent(Id),
    /// What no tensor needs: floats, bytes, sets, long integers.
    Other,
}

/// A pickle that has been read.
#[derive(Debug)]
pub(super) struct Pickle<'a> {
    values: Vec<Value<'a>>,
    root: Id,
}

impl<'a> Pickle<'a> {
    /// Reads one pickle from the beginning of `input`; returns it and how many bytes it took.
    pub(super) fn read(input: &'a [u8]) -> Result<(Self, usize), Fault> {
        machine::run(input)
    }

    fn value(&self, id: Id) -> &Value<'a> {
        self.values.get(id).unwrap_or(&Value::Other)
    }

    /// The pickle as a whole number.
    pub(super) fn whole_number(&self) -> Option<i64> {
        match self.value(self.root) {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// The pickle as a list of texts.
    pub(super) fn texts(&self) -> Option<Vec<&'a str>> {
        let Value::List(entries) = self.value(self.root) else {
            return None;
        };
        entries.iter().map(|&entry| self.text(entry)).collect()
    }

    /// A yes or no in the pickle's dictionary.
    pub(super) fn entry(&self, name: &str) -> Option<bool> {
        let Value::Dict(entries) = self.value(self.root) else {
            return None;
        };
        let (_, value) = entries
            .iter()
            .find(|(key, _)| self.text(*key) == Some(name))?;
        match self.value(*value) {
            Value::Bool(answer) => Some(*answer),
            _ => None,
        }
    }

    fn text(&self, id: Id) -> Option<&'a str> {
        match self.value(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn tuple(&self, id: Id) -> Option<&[Id]> {
        match self.value(id) {
            Value::Tuple(entries) => Some(entries),
            _ => None,
        }
    }

    fn size(&self, id: Id) -> Option<usize> {
        match self.value(id) {
            Value::Int(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    fn sizes(&self, id: Id) -> Option<Vec<usize>> {
        self.tuple(id)?
            .iter()
            .map(|&entry| self.size(entry))
            .collect()
    }
}

#[cfg(test)]
mod tests;
