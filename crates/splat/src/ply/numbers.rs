//! A body as a run of numbers, binary or ascii.

use super::{
    header::{Format, Scalar},
    shown,
};

/// Byte order of a binary body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    pub(super) fn of(format: Format) -> Self {
        if format == Format::BigEndian {
            Self::Big
        } else {
            Self::Little
        }
    }
}

/// A body as a run of numbers.
pub(super) trait Numbers {
    /// The next number; `Ok(None)` at the end of the body, a sentence if it is not a number.
    fn next(&mut self, scalar: Scalar) -> Result<Option<f64>, String>;
    /// Steps over `rows` rows of `row_size` bytes, if the body has that many; `None` if it cannot
    /// tell without reading them.
    fn skip_rows(&mut self, rows: u64, row_size: Option<usize>) -> Option<Result<(), u64>>;
    /// The fewest bytes a number of this type takes, its separator included.
    fn least_size(&self, scalar: Scalar) -> usize;
    /// What has not been read yet.
    fn rest(&self) -> &[u8];
}

pub(super) struct Binary<'a> {
    pub(super) rest: &'a [u8],
    pub(super) order: Order,
}

impl Numbers for Binary<'_> {
    fn next(&mut self, scalar: Scalar) -> Result<Option<f64>, String> {
        let Some((raw, rest)) = self.rest.split_at_checked(scalar.size()) else {
            return Ok(None);
        };
        self.rest = rest;
        Ok(one_number(scalar, self.order, raw))
    }

    fn skip_rows(&mut self, rows: u64, row_size: Option<usize>) -> Option<Result<(), u64>> {
        let size = row_size?;
        let bytes = usize::try_from(rows)
            .ok()
            .and_then(|rows| rows.checked_mul(size));
        Some(match bytes.and_then(|bytes| self.rest.get(bytes..)) {
            Some(rest) => {
                self.rest = rest;
                Ok(())
            }
            None => Err((self.rest.len() / size.max(1)) as u64),
        })
    }

    fn least_size(&self, scalar: Scalar) -> usize {
        scalar.size()
    }

    fn rest(&self) -> &[u8] {
        self.rest
    }
}

pub(super) struct Words<'a> {
    pub(super) rest: &'a [u8],
}

impl Numbers for Words<'_> {
    fn next(&mut self, scalar: Scalar) -> Result<Option<f64>, String> {
        let text = self.rest.trim_ascii_start();
        let end = text
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.rest = rest;
        if word.is_empty() {
            return Ok(None);
        }
        // A float is rounded once, from its decimals: by way of a double it could be rounded twice.
        let number = std::str::from_utf8(word)
            .ok()
            .and_then(|word| match scalar {
                Scalar::F32 => word.parse::<f32>().ok().map(f64::from),
                _ => word.parse().ok(),
            });
        number
            .map(Some)
            .ok_or_else(|| format!("{} is not a number", shown(word)))
    }

    fn skip_rows(&mut self, _: u64, _: Option<usize>) -> Option<Result<(), u64>> {
        None
    }

    fn least_size(&self, _: Scalar) -> usize {
        2
    }

    fn rest(&self) -> &[u8] {
        self.rest
    }
}

/// One number of a binary body on its own; `None` if `raw` is not of its size.
fn one_number(scalar: Scalar, order: Order, raw: &[u8]) -> Option<f64> {
    fn of<const SIZE: usize>(
        raw: &[u8],
        order: Order,
        decode: impl Fn([u8; SIZE]) -> f64,
    ) -> Option<f64> {
        let mut bytes: [u8; SIZE] = raw.try_into().ok()?;
        if order == Order::Big {
            bytes.reverse();
        }
        Some(decode(bytes))
    }
    match scalar {
        Scalar::I8 => of(raw, order, |raw| f64::from(i8::from_le_bytes(raw))),
        Scalar::U8 => of(raw, order, |[byte]| f64::from(byte)),
        Scalar::I16 => of(raw, order, |raw| f64::from(i16::from_le_bytes(raw))),
        Scalar::U16 => of(raw, order, |raw| f64::from(u16::from_le_bytes(raw))),
        Scalar::I32 => of(raw, order, |raw| f64::from(i32::from_le_bytes(raw))),
        Scalar::U32 => of(raw, order, |raw| f64::from(u32::from_le_bytes(raw))),
        Scalar::F32 => of(raw, order, |raw| f64::from(f32::from_le_bytes(raw))),
        Scalar::F64 => of(raw, order, f64::from_le_bytes),
    }
}
