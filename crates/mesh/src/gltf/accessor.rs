//! Typed reading of accessors (glTF 2.0 specification, section 3.6.2): any component type, strides,
//! normalised integers and sparse substitution.

use gltf_json::accessor::{Accessor, ComponentType, Type, sparse::Sparse};
use gltf_json::validation::Checked;
use gltf_json::{Index, Root};

use super::buffers::{Buffers, absent};
use crate::MeshError;
use crate::build::{MAX_PARTS, within};

/// Every index of an accessor of whole numbers.
pub(super) fn indices(
    root: &Root,
    buffers: &Buffers<'_>,
    index: Index<Accessor>,
) -> Result<Vec<u32>, MeshError> {
    let accessor = find(root, index)?;
    // Each index makes at most one triangle, and in a list three make one.
    within("indices", count(accessor), 3 * MAX_PARTS)?;
    let (component, components) = types(accessor)?;
    let whole = matches!(
        component,
        ComponentType::U8 | ComponentType::U16 | ComponentType::U32
    );
    if components != 1 || !whole {
        return Err(MeshError::gltf("indices are not unsigned whole numbers"));
    }
    let layout = Layout::of(root, buffers, accessor, component, 1)?;
    Ok((0..layout.count).map(|at| layout.whole(at)).collect())
}

/// Every element of an accessor of `N` or, with the rest filled from `missing`, fewer components.
pub(super) fn vectors<const N: usize>(
    root: &Root,
    buffers: &Buffers<'_>,
    index: Index<Accessor>,
    missing: [f32; N],
) -> Result<Vec<[f32; N]>, MeshError> {
    let accessor = find(root, index)?;
    within("vertices", count(accessor), MAX_PARTS)?;
    let (component, components) = types(accessor)?;
    if components > N {
        let what = format!(
            "accessor {} has {components} components for {N}",
            index.value()
        );
        return Err(MeshError::gltf(what));
    }
    let scale = if accessor.normalized {
        unit(component)
    } else {
        1.0
    };
    let layout = Layout::of(root, buffers, accessor, component, components)?;
    let mut values: Vec<[f32; N]> = (0..layout.count)
        .map(|at| layout.vector(at, scale, missing))
        .collect();
    if let Some(sparse) = &accessor.sparse {
        let places = layout.substitute(root, buffers, sparse)?;
        for (place, at) in places.0.into_iter().zip(0..) {
            let value = values.get_mut(place as usize);
            let value = value.ok_or_else(|| MeshError::gltf("a sparse index is out of range"))?;
            *value = places.1.vector(at, scale, missing);
        }
    }
    Ok(values)
}

/// How many elements an accessor claims to have.
pub(super) fn claimed(root: &Root, index: Index<Accessor>) -> Result<usize, MeshError> {
    find(root, index).map(count)
}

fn find(root: &Root, index: Index<Accessor>) -> Result<&Accessor, MeshError> {
    let accessor = root.accessors.get(index.value());
    accessor.ok_or_else(|| absent("accessor", index.value()))
}

fn count(accessor: &Accessor) -> usize {
    usize::try_from(accessor.count.0).unwrap_or(usize::MAX)
}

fn types(accessor: &Accessor) -> Result<(ComponentType, usize), MeshError> {
    let (Checked::Valid(component), Checked::Valid(kind)) =
        (accessor.component_type, accessor.type_)
    else {
        return Err(MeshError::gltf("an accessor is of an unknown type"));
    };
    let components = match kind {
        Type::Scalar => 1,
        Type::Vec2 => 2,
        Type::Vec3 => 3,
        Type::Vec4 => 4,
        Type::Mat2 | Type::Mat3 | Type::Mat4 => {
            return Err(MeshError::gltf("an accessor holds matrices, not vectors"));
        }
    };
    Ok((component.0, components))
}

fn size(component: ComponentType) -> usize {
    match component {
        ComponentType::I8 | ComponentType::U8 => 1,
        ComponentType::I16 | ComponentType::U16 => 2,
        ComponentType::U32 | ComponentType::F32 => 4,
    }
}

/// What a normalised integer is multiplied by (section 3.6.2.2).
fn unit(component: ComponentType) -> f32 {
    match component {
        ComponentType::I8 => 1.0 / 127.0,
        ComponentType::U8 => 1.0 / 255.0,
        ComponentType::I16 => 1.0 / 32_767.0,
        ComponentType::U16 => 1.0 / 65_535.0,
        ComponentType::U32 | ComponentType::F32 => 1.0,
    }
}

/// Where the elements lie; all of them are known to be there.
struct Layout<'a> {
    /// Empty when the accessor has no view: then every value is zero.
    bytes: &'a [u8],
    stride: usize,
    count: usize,
    component: ComponentType,
    components: usize,
}

impl<'a> Layout<'a> {
    fn of(
        root: &Root,
        buffers: &'a Buffers<'_>,
        accessor: &Accessor,
        component: ComponentType,
        components: usize,
    ) -> Result<Self, MeshError> {
        let count = count(accessor);
        let Some(view) = accessor.buffer_view else {
            if accessor.sparse.is_none() {
                return Err(MeshError::gltf("an accessor has no data"));
            }
            return Ok(Self {
                bytes: &[],
                stride: 0,
                count,
                component,
                components,
            });
        };
        let (bytes, stride) = buffers.view(root, view)?;
        let offset = accessor.byte_offset.unwrap_or_default().0;
        Self::new(bytes, offset, stride, count, component, components)
    }

    fn new(
        bytes: &'a [u8],
        offset: u64,
        stride: Option<usize>,
        count: usize,
        component: ComponentType,
        components: usize,
    ) -> Result<Self, MeshError> {
        let element = size(component) * components;
        let stride = stride.unwrap_or(element);
        if stride < element {
            return Err(MeshError::gltf("an accessor's elements overlap"));
        }
        let bytes = usize::try_from(offset)
            .ok()
            .and_then(|offset| bytes.get(offset..));
        let needed = match count {
            0 => Some(0),
            _ => stride
                .checked_mul(count - 1)
                .and_then(|length| length.checked_add(element)),
        };
        match (bytes, needed) {
            (Some(bytes), Some(needed)) if needed <= bytes.len() => Ok(Self {
                bytes,
                stride,
                count,
                component,
                components,
            }),
            _ => Err(MeshError::gltf(format!(
                "an accessor of {count} elements reaches beyond its buffer view"
            ))),
        }
    }

    /// The places that a sparse accessor substitutes, and their values.
    fn substitute(
        &self,
        root: &Root,
        buffers: &'a Buffers<'_>,
        sparse: &Sparse,
    ) -> Result<(Vec<u32>, Self), MeshError> {
        let count = usize::try_from(sparse.count.0).unwrap_or(usize::MAX);
        let Checked::Valid(component) = sparse.indices.component_type else {
            return Err(MeshError::gltf("sparse indices are of an unknown type"));
        };
        let (bytes, stride) = buffers.view(root, sparse.indices.buffer_view)?;
        let offset = sparse.indices.byte_offset.0;
        let places = Layout::new(bytes, offset, stride, count, component.0, 1)?;
        let (bytes, stride) = buffers.view(root, sparse.values.buffer_view)?;
        let offset = sparse.values.byte_offset.0;
        let values = Layout::new(
            bytes,
            offset,
            stride,
            count,
            self.component,
            self.components,
        )?;
        Ok(((0..count).map(|at| places.whole(at)).collect(), values))
    }

    fn component(&self, at: usize, component: usize) -> &[u8] {
        let size = size(self.component);
        let start = at * self.stride + component * size;
        self.bytes.get(start..start + size).unwrap_or(&[0; 4])
    }

    fn whole(&self, at: usize) -> u32 {
        match (self.component, self.component(at, 0)) {
            (ComponentType::U8, [byte, ..]) => (*byte).into(),
            (ComponentType::U16, [a, b, ..]) => u16::from_le_bytes([*a, *b]).into(),
            (_, [a, b, c, d]) => u32::from_le_bytes([*a, *b, *c, *d]),
            _ => 0,
        }
    }

    fn number(&self, at: usize, component: usize) -> f32 {
        match (self.component, self.component(at, component)) {
            (ComponentType::I8, [byte, ..]) => byte.cast_signed().into(),
            (ComponentType::U8, [byte, ..]) => (*byte).into(),
            (ComponentType::I16, [a, b, ..]) => i16::from_le_bytes([*a, *b]).into(),
            (ComponentType::U16, [a, b, ..]) => u16::from_le_bytes([*a, *b]).into(),
            (ComponentType::U32, [a, b, c, d]) => u32::from_le_bytes([*a, *b, *c, *d]) as f32,
            (ComponentType::F32, [a, b, c, d]) => f32::from_le_bytes([*a, *b, *c, *d]),
            _ => 0.0,
        }
    }

    fn vector<const N: usize>(&self, at: usize, scale: f32, missing: [f32; N]) -> [f32; N] {
        std::array::from_fn(|component| {
            if component < self.components {
                (self.number(at, component) * scale).max(-f32::MAX)
            } else {
                missing[component]
            }
        })
    }
}
