//! The PLY header: elements and their properties, as declared. Declarations are not believed here,
//! only understood; its length bounds how many there can be.

use super::{MAX_HEADER_BYTES, PlyError, shown};

/// How the body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Ascii,
    LittleEndian,
    BigEndian,
}

/// The number types of PLY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    F32,
    F64,
}

impl Scalar {
    fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"char" | b"int8" => Self::I8,
            b"uchar" | b"uint8" => Self::U8,
            b"short" | b"int16" => Self::I16,
            b"ushort" | b"uint16" => Self::U16,
            b"int" | b"int32" => Self::I32,
            b"uint" | b"uint32" => Self::U32,
            b"float" | b"float32" => Self::F32,
            b"double" | b"float64" => Self::F64,
            _ => return None,
        })
    }

    /// Bytes in a binary body.
    pub(super) const fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// What one property of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar(Scalar),
    List { length: Scalar, item: Scalar },
}

#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: String,
    /// As declared: never to be allocated from.
    pub(super) rows: u64,
    pub(super) properties: Vec<Property>,
}

impl Element {
    /// Bytes of a row in a binary body, or `None` if a list makes rows differ.
    pub(super) fn row_size(&self) -> Option<usize> {
        self.properties
            .iter()
            .try_fold(0, |size, property| match property.kind {
                Kind::Scalar(scalar) => Some(size + scalar.size()),
                Kind::List { .. } => None,
            })
    }
}

#[derive(Debug)]
pub(super) struct Header {
    pub(super) format: Format,
    pub(super) elements: Vec<Element>,
    /// Where the body begins, in bytes from the start of the file.
    pub(super) body: usize,
}

/// Reads the header of a PLY.
pub(super) fn parse(bytes: &[u8]) -> Result<Header, PlyError> {
    let mut lines = Lines::of(bytes);
    if lines
        .next()
        .is_none_or(|line| line.trim_ascii_end() != b"ply")
    {
        return Err(PlyError::NotPly);
    }
    let mut format = None;
    let mut elements = Vec::new();
    while let Some(line) = lines.next() {
        let declared =
            declare(line, &mut format, &mut elements).map_err(|reason| PlyError::Header {
                line: lines.number,
                reason,
            })?;
        if declared == Declared::End {
            let Some(format) = format else {
                let reason = "the header ends without a `format` line".to_owned();
                return Err(PlyError::Header {
                    line: lines.number,
                    reason,
                });
            };
            return Ok(Header {
                format,
                elements,
                body: lines.position,
            });
        }
    }
    Err(PlyError::HeaderUnfinished {
        searched: bytes.len().min(MAX_HEADER_BYTES),
    })
}

#[derive(PartialEq, Eq)]
enum Declared {
    Something,
    End,
}

/// Takes one header line in.
fn declare(
    line: &[u8],
    format: &mut Option<Format>,
    elements: &mut Vec<Element>,
) -> Result<Declared, String> {
    let words: Vec<&[u8]> = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .collect();
    match words.as_slice() {
        [b"end_header"] => return Ok(Declared::End),
        [] | [b"comment" | b"obj_info", ..] => {}
        [b"format", rest @ ..] => {
            if format.replace(format_of(rest)?).is_some() {
                return Err("a second `format` line".to_owned());
            }
        }
        [b"element", rest @ ..] => {
            let element = element_of(rest)?;
            if elements.iter().any(|other| other.name == element.name) {
                return Err(format!(
                    "element {} is declared twice",
                    shown(element.name.as_bytes())
                ));
            }
            elements.push(element);
        }
        [b"property", rest @ ..] => {
            let element = elements.last_mut().ok_or("a property before any element")?;
            let property = property_of(rest)?;
            if element
                .properties
                .iter()
                .any(|other| other.name == property.name)
            {
                let name = shown(property.name.as_bytes());
                return Err(format!("property {name} is declared twice"));
            }
            element.properties.push(property);
        }
        _ => return Err(format!("{} is not a PLY header line", shown(line))),
    }
    Ok(Declared::Something)
}

fn format_of(words: &[&[u8]]) -> Result<Format, String> {
    match words {
        [b"ascii", b"1.0"] => Ok(Format::Ascii),
        [b"binary_little_endian", b"1.0"] => Ok(Format::LittleEndian),
        [b"binary_big_endian", b"1.0"] => Ok(Format::BigEndian),
        _ => Err(format!("{} is not a PLY format", shown(&words.join(&b' ')))),
    }
}

fn element_of(words: &[&[u8]]) -> Result<Element, String> {
    let [name, rows] = words else {
        return Err("an element needs a name and a number of rows".to_owned());
    };
    let rows = std::str::from_utf8(rows)
        .ok()
        .and_then(|rows| rows.parse().ok())
        .ok_or_else(|| format!("{} is not a number of rows", shown(rows)))?;
    Ok(Element {
        name: name_of(name),
        rows,
        properties: Vec::new(),
    })
}

fn property_of(words: &[&[u8]]) -> Result<Property, String> {
    let scalar = |name: &[u8]| {
        Scalar::named(name).ok_or_else(|| format!("{} is not a PLY number type", shown(name)))
    };
    match words {
        [b"list", length, item, name] => {
            let kind = Kind::List {
                length: scalar(length)?,
                item: scalar(item)?,
            };
            Ok(Property {
                name: name_of(name),
                kind,
            })
        }
        [kind, name] => Ok(Property {
            name: name_of(name),
            kind: Kind::Scalar(scalar(kind)?),
        }),
        _ => Err("a property needs a type and a name".to_owned()),
    }
}

fn name_of(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

/// The lines of a header, and where in the file the next one begins.
struct Lines<'a> {
    bytes: &'a [u8],
    position: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        let bytes = bytes.get(..MAX_HEADER_BYTES).unwrap_or(bytes);
        Self {
            bytes,
            position: 0,
            number: 0,
        }
    }

    /// The next line that is ended by a line feed, without it and without a carriage return.
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.position..)?;
        let length = rest.iter().position(|byte| *byte == b'\n')?;
        self.position += length + 1;
        self.number += 1;
        let line = &rest[..length];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}
