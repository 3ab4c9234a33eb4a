//! Whether a type from a node's metadata can be decoded in bounded time, memory and stack.
//!
//! The decoder follows whatever types the metadata describes. A type that contains itself would
//! overflow its stack, and values of no bytes (`Vec<()>`, nested arrays of them) let a few bytes
//! claim endless work. Real runtimes have neither; a broken or hostile node may.

use std::collections::HashMap;

use scale_info::form::PortableForm;
use scale_info::{PortableRegistry, TypeDef};

/// Types within types beyond this are refused; the chain's own go eight deep.
const DEEPEST: usize = 32;
/// Decoder steps that one byte of input may cost.
const STEPS_PER_BYTE: i64 = 64;
/// Decoder steps beyond that for a whole value.
const MOST_STEPS: i64 = 1 << 16;

/// Checks a type and everything in it.
///
/// # Errors
/// Why it cannot be decoded safely.
pub(super) fn check(types: &PortableRegistry, id: u32) -> Result<(), String> {
    let mut walk = Walk {
        types,
        surplus: HashMap::new(),
    };
    let surplus = walk.surplus(id, 0)?;
    if surplus > MOST_STEPS {
        return Err(format!("type {id} takes too many steps for its bytes"));
    }
    Ok(())
}

/// For each type, the largest surplus over all of its values: decoder steps less
/// [`STEPS_PER_BYTE`] for every byte read. Where no type in a sequence has a positive surplus, the
/// steps for a whole value are at most `STEPS_PER_BYTE · bytes + surplus`.
struct Walk<'a> {
    types: &'a PortableRegistry,
    /// None while the type is being walked.
    surplus: HashMap<u32, Option<i64>>,
}

impl Walk<'_> {
    fn surplus(&mut self, id: u32, depth: usize) -> Result<i64, String> {
        match self.surplus.get(&id) {
            Some(Some(surplus)) => return Ok(*surplus),
            Some(None) => return Err(format!("type {id} contains itself")),
            None if depth > DEEPEST => return Err(format!("type {id} is nested too deeply")),
            None => self.surplus.insert(id, None),
        };
        let types = self.types;
        let Some(ty) = types.resolve(id) else {
            return Err(format!("type {id} is not in the metadata"));
        };
        let inside = self.definition(&ty.type_def, depth + 1)?;
        let surplus = inside.saturating_add(1);
        self.surplus.insert(id, Some(surplus));
        Ok(surplus)
    }

    fn definition(&mut self, def: &TypeDef<PortableForm>, depth: usize) -> Result<i64, String> {
        match def {
            TypeDef::Composite(composite) => {
                self.sum(composite.fields.iter().map(|field| field.ty.id), depth)
            }
            TypeDef::Tuple(tuple) => self.sum(tuple.fields.iter().map(|field| field.id), depth),
            TypeDef::Variant(variant) => {
                let mut worst = 0;
                for variant in &variant.variants {
                    let fields = variant.fields.iter().map(|field| field.ty.id);
                    worst = worst.max(self.sum(fields, depth)?);
                }
                Ok(worst.saturating_sub(STEPS_PER_BYTE))
            }
            TypeDef::Sequence(sequence) => {
                let id = sequence.type_param.id;
                if self.surplus(id, depth)? > 0 {
                    return Err(format!("a sequence of type {id} has items of no size"));
                }
                Ok(-STEPS_PER_BYTE)
            }
            TypeDef::Array(array) => {
                let item = self.surplus(array.type_param.id, depth)?;
                Ok(item.saturating_mul(i64::from(array.len)))
            }
            // Compact numbers are at least one byte; a compact of a newtype takes a step for each
            // layer, and the walk finds a layer that contains itself.
            TypeDef::Compact(compact) => {
                let inside = self.surplus(compact.type_param.id, depth)?;
                Ok(inside.max(-STEPS_PER_BYTE))
            }
            TypeDef::Primitive(_) | TypeDef::BitSequence(_) => Ok(-STEPS_PER_BYTE),
        }
    }

    fn sum(&mut self, ids: impl Iterator<Item = u32>, depth: usize) -> Result<i64, String> {
        let mut sum = 0i64;
        for id in ids {
            sum = sum.saturating_add(self.surplus(id, depth)?);
        }
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use scale_info::{MetaType, Registry, TypeInfo, meta_type};

    use super::*;

    fn registry(ty: MetaType) -> (PortableRegistry, u32) {
        let mut registry = Registry::new();
        let id = registry.register_type(&ty).id;
        (registry.into(), id)
    }

    fn checked(ty: MetaType) -> Result<(), String> {
        let (types, id) = registry(ty);
        check(&types, id)
    }

    #[derive(TypeInfo)]
    #[expect(dead_code, reason = "only its type is used")]
    struct Itself {
        next: Option<Box<Itself>>,
    }

    #[derive(TypeInfo)]
    #[expect(dead_code, reason = "only its type is used")]
    struct Empty {
        nothing: (),
    }

    #[test]
    fn usual_types_pass() {
        type Usual = Vec<Option<([u8; 32], Vec<(bool, u128, String)>, ())>>;
        assert_eq!(checked(meta_type::<Usual>()), Ok(()));
        assert_eq!(checked(meta_type::<()>()), Ok(()));
        assert_eq!(checked(meta_type::<[(); 1000]>()), Ok(()));
        assert_eq!(checked(meta_type::<[u64; 1_000_000]>()), Ok(()));
    }

    #[test]
    fn endless_types_are_refused() {
        assert!(
            checked(meta_type::<Itself>())
                .unwrap_err()
                .contains("itself")
        );
        assert!(
            checked(meta_type::<Vec<()>>())
                .unwrap_err()
                .contains("no size")
        );
        assert!(checked(meta_type::<Vec<Empty>>()).is_err());
        assert!(checked(meta_type::<[(); 1_000_000]>()).is_err());
        type Square<T> = [[T; 1_000]; 1_000];
        assert!(checked(meta_type::<Square<Square<Square<()>>>>()).is_err());
    }

    #[test]
    fn doubling_types_are_refused() {
        // T0 = (), T(n+1) = (Tn, Tn): 2^30 steps for no byte.
        let (mut types, unit) = registry(meta_type::<()>());
        let mut last = unit;
        for _ in 0..30 {
            let tuple =
                scale_info::TypeDefTuple::<PortableForm>::new_portable([last.into(), last.into()]);
            let ty = scale_info::Type::new(
                scale_info::Path::default(),
                Vec::new(),
                TypeDef::Tuple(tuple),
                Vec::new(),
            );
            last = u32::try_from(types.types.len()).unwrap();
            types.types.push(scale_info::PortableType { id: last, ty });
        }
        assert!(check(&types, last).unwrap_err().contains("too many steps"));
        assert!(check(&types, 9_999).unwrap_err().contains("not in"));
    }
}
