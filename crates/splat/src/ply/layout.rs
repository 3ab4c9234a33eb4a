//! Which property of a vertex row goes where in the cloud.

use super::{
    MAX_SPLATS, PlyError, fields,
    header::{Element, Header, Kind},
};
use crate::Sh;

/// Where a number of a row goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// Into the column of this index in [`fields::NAMES`].
    Column(usize),
    /// To this place among the splat's harmonics.
    Rest(usize),
}

/// The vertex element of a header, understood as splats.
#[derive(Debug)]
pub(super) struct Layout {
    /// Index of the vertex element.
    pub(super) vertex: usize,
    /// One entry per property of a vertex, `None` where it is skipped.
    pub(super) slots: Vec<Option<Slot>>,
    /// Degree of the harmonics.
    pub(super) degree: u8,
}

impl Layout {
    pub(super) fn of(header: &Header) -> Result<Self, PlyError> {
        let (vertex, element) = header
            .elements
            .iter()
            .enumerate()
            .find(|(_, element)| element.name == "vertex")
            .ok_or(PlyError::NoVertexElement)?;
        require_fields(element)?;
        let degree = degree(element)?;
        match element.rows {
            0 => return Err(PlyError::Empty),
            declared if declared > MAX_SPLATS => return Err(PlyError::TooMany { declared }),
            _ => {}
        }
        let values = Sh::values_per_splat(degree);
        let slots = element
            .properties
            .iter()
            .map(|property| slot(&property.name, values))
            .collect();
        Ok(Self {
            vertex,
            slots,
            degree,
        })
    }
}

fn slot(name: &str, values_per_splat: usize) -> Option<Slot> {
    if let Some(column) = fields::NAMES.iter().position(|field| *field == name) {
        return Some(Slot::Column(column));
    }
    let index = rest_index(name)?;
    Some(Slot::Rest(fields::rest_slot(index, values_per_splat)))
}

/// The number in `f_rest_<number>`, in its one canonical spelling.
fn rest_index(name: &str) -> Option<usize> {
    let digits = name.strip_prefix("f_rest_")?;
    let index: usize = digits.parse().ok()?;
    (index.to_string() == digits).then_some(index)
}

fn require_fields(element: &Element) -> Result<(), PlyError> {
    for name in fields::NAMES {
        match element
            .properties
            .iter()
            .find(|property| property.name == name)
        {
            Some(property) if matches!(property.kind, Kind::Scalar(_)) => {}
            Some(_) => return Err(PlyError::ListProperty { name }),
            None if element
                .properties
                .iter()
                .any(|other| other.name == "packed_position") =>
            {
                return Err(PlyError::Compressed);
            }
            None => return Err(PlyError::MissingProperty { name }),
        }
    }
    Ok(())
}

/// The degree that the declared `f_rest` properties make up.
fn degree(element: &Element) -> Result<u8, PlyError> {
    let rest = || {
        element
            .properties
            .iter()
            .filter(|property| property.name.starts_with("f_rest_"))
    };
    let found = rest().count();
    let fits = rest().all(|property| {
        matches!(property.kind, Kind::Scalar(_))
            && rest_index(&property.name).is_some_and(|index| index < found)
    });
    (0..=3)
        .find(|degree| fits && Sh::values_per_splat(*degree) == found)
        .ok_or(PlyError::RestCount { found })
}
