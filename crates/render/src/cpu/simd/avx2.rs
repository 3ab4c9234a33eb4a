//! Eight lanes of AVX2 with FMA.
//!
//! Safety: every method needs a value of [`Avx2`], which [`Avx2::detect`] alone makes, and only where
//! the processor has the instructions. Nothing here touches memory but through references.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::{EXP2, EXP2_LOWEST, Kernel, Lanes};

/// Proof that the processor has AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx2(());

/// Aligned as a register is loaded.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(32))]
pub(crate) struct Array([f32; 8]);

impl AsRef<[f32]> for Array {
    fn as_ref(&self) -> &[f32] {
        &self.0
    }
}

impl AsMut<[f32]> for Array {
    fn as_mut(&mut self) -> &mut [f32] {
        &mut self.0
    }
}

impl Avx2 {
    /// The proof, where there is one.
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }

    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx2,fma")]
        fn inside<K: Kernel>(lanes: Avx2, kernel: K) -> K::Output {
            kernel.run(lanes)
        }
        // SAFETY: `self` proves the instructions.
        unsafe { inside(self, kernel) }
    }
}

/// An instruction as a method. SAFETY: `self` proves that the processor has it.
macro_rules! instructions {
    ($($name:ident($($operand:ident: $kind:ty),*) -> $result:ty = $body:expr;)*) => {
        $(
            #[inline(always)]
            fn $name(self, $($operand: $kind),*) -> $result {
                unsafe { $body }
            }
        )*
    };
}

impl Lanes for Avx2 {
    const COUNT: usize = 8;
    type Array = Array;
    type Float = __m256;
    type Mask = __m256;

    #[inline(always)]
    fn array(self, value: f32) -> Array {
        Array([value; 8])
    }

    #[inline(always)]
    fn store(self, value: __m256, to: &mut Array) {
        // SAFETY: the array has room for eight numbers and the alignment; `self` proves the rest.
        unsafe { _mm256_store_ps(to.0.as_mut_ptr(), value) }
    }

    instructions! {
        splat(value: f32) -> __m256 = _mm256_set1_ps(value);
        // The array holds eight numbers and has the alignment.
        load(from: &Array) -> __m256 = _mm256_load_ps(from.0.as_ptr());
        add(left: __m256, right: __m256) -> __m256 = _mm256_add_ps(left, right);
        subtract(left: __m256, right: __m256) -> __m256 = _mm256_sub_ps(left, right);
        multiply(left: __m256, right: __m256) -> __m256 = _mm256_mul_ps(left, right);
        divide(left: __m256, right: __m256) -> __m256 = _mm256_div_ps(left, right);
        multiply_add(left: __m256, right: __m256, addend: __m256) -> __m256 =
            _mm256_fmadd_ps(left, right, addend);
        min(left: __m256, right: __m256) -> __m256 = _mm256_min_ps(left, right);
        max(left: __m256, right: __m256) -> __m256 = _mm256_max_ps(left, right);
        square_root(value: __m256) -> __m256 = _mm256_sqrt_ps(value);
        floor(value: __m256) -> __m256 = _mm256_floor_ps(value);
        ceil(value: __m256) -> __m256 = _mm256_ceil_ps(value);
        at_most(left: __m256, right: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_LE_OQ>(left, right);
        above(left: __m256, right: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_GT_OQ>(left, right);
        both(left: __m256, right: __m256) -> __m256 = _mm256_and_ps(left, right);
        but_not(left: __m256, right: __m256) -> __m256 = _mm256_andnot_ps(right, left);
        bits(mask: __m256) -> u32 = _mm256_movemask_ps(mask).cast_unsigned();
        select(mask: __m256, yes: __m256, no: __m256) -> __m256 = _mm256_blendv_ps(no, yes, mask);
        keep(mask: __m256, value: __m256) -> __m256 = _mm256_and_ps(mask, value);
        negative_where(mask: __m256, value: __m256) -> __m256 =
            _mm256_or_ps(value, _mm256_and_ps(mask, _mm256_set1_ps(-0.0)));
    }

    #[inline(always)]
    fn exp2(self, exponent: __m256) -> __m256 {
        // SAFETY: `self` proves the instructions.
        unsafe {
            let exponent = _mm256_max_ps(exponent, _mm256_set1_ps(EXP2_LOWEST));
            let whole =
                _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(exponent);
            let rest = _mm256_sub_ps(exponent, whole);
            let [constant, c1, c2, c3, c4, c5] = EXP2;
            let mut polynomial = _mm256_fmadd_ps(_mm256_set1_ps(c5), rest, _mm256_set1_ps(c4));
            for coefficient in [c3, c2, c1, constant] {
                polynomial = _mm256_fmadd_ps(polynomial, rest, _mm256_set1_ps(coefficient));
            }
            // Adding to the exponent bits multiplies by a power of two.
            let power = _mm256_slli_epi32::<23>(_mm256_cvtps_epi32(whole));
            _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(polynomial), power))
        }
    }

    #[inline(always)]
    fn prefetch<T>(self, place: &T) {
        // SAFETY: a prefetch of an address that is a reference's; it has no effect but on caches.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) }
    }
}
