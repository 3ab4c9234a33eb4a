//! Sixteen lanes of AVX-512.
//!
//! Safety: every method needs a value of [`Avx512`], which [`Avx512::detect`] alone makes, and only
//! where the processor has the instructions. Nothing here touches memory but through references.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::{EXP2, Kernel, Lanes};

/// Proof that the processor has AVX-512 F, BW, DQ and VL.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Avx512(());

/// Aligned as a register is loaded: one cache line.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Array([f32; 16]);

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

impl Avx512 {
    /// The proof, where there is one.
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma"))
        .then_some(Self(()))
    }

    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
        fn inside<K: Kernel>(lanes: Avx512, kernel: K) -> K::Output {
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

impl Lanes for Avx512 {
    const COUNT: usize = 16;
    type Array = Array;
    type Float = __m512;
    type Mask = __mmask16;

    #[inline(always)]
    fn array(self, value: f32) -> Array {
        Array([value; 16])
    }

    #[inline(always)]
    fn store(self, value: __m512, to: &mut Array) {
        // SAFETY: the array has room for sixteen numbers and the alignment; `self` proves the rest.
        unsafe { _mm512_store_ps(to.0.as_mut_ptr(), value) }
    }

    #[inline(always)]
    fn both(self, left: __mmask16, right: __mmask16) -> __mmask16 {
        left & right
    }

    #[inline(always)]
    fn but_not(self, left: __mmask16, right: __mmask16) -> __mmask16 {
        left & !right
    }

    #[inline(always)]
    fn bits(self, mask: __mmask16) -> u32 {
        u32::from(mask)
    }

    instructions! {
        splat(value: f32) -> __m512 = _mm512_set1_ps(value);
        // The array holds sixteen numbers and has the alignment.
        load(from: &Array) -> __m512 = _mm512_load_ps(from.0.as_ptr());
        add(left: __m512, right: __m512) -> __m512 = _mm512_add_ps(left, right);
        subtract(left: __m512, right: __m512) -> __m512 = _mm512_sub_ps(left, right);
        multiply(left: __m512, right: __m512) -> __m512 = _mm512_mul_ps(left, right);
        divide(left: __m512, right: __m512) -> __m512 = _mm512_div_ps(left, right);
        multiply_add(left: __m512, right: __m512, addend: __m512) -> __m512 =
            _mm512_fmadd_ps(left, right, addend);
        min(left: __m512, right: __m512) -> __m512 = _mm512_min_ps(left, right);
        max(left: __m512, right: __m512) -> __m512 = _mm512_max_ps(left, right);
        square_root(value: __m512) -> __m512 = _mm512_sqrt_ps(value);
        floor(value: __m512) -> __m512 =
            _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(value);
        ceil(value: __m512) -> __m512 =
            _mm512_roundscale_ps::<{ _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC }>(value);
        at_most(left: __m512, right: __m512) -> __mmask16 =
            _mm512_cmp_ps_mask::<_CMP_LE_OQ>(left, right);
        above(left: __m512, right: __m512) -> __mmask16 =
            _mm512_cmp_ps_mask::<_CMP_GT_OQ>(left, right);
        select(mask: __mmask16, yes: __m512, no: __m512) -> __m512 =
            _mm512_mask_blend_ps(mask, no, yes);
        keep(mask: __mmask16, value: __m512) -> __m512 = _mm512_maskz_mov_ps(mask, value);
        negative_where(mask: __mmask16, value: __m512) -> __m512 =
            _mm512_mask_or_ps(value, mask, value, _mm512_set1_ps(-0.0));
    }

    #[inline(always)]
    fn exp2(self, exponent: __m512) -> __m512 {
        // SAFETY: `self` proves the instructions.
        unsafe {
            let whole =
                _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(exponent);
            let rest = _mm512_sub_ps(exponent, whole);
            let [constant, c1, c2, c3, c4, c5] = EXP2;
            let mut polynomial = _mm512_fmadd_ps(_mm512_set1_ps(c5), rest, _mm512_set1_ps(c4));
            for coefficient in [c3, c2, c1, constant] {
                polynomial = _mm512_fmadd_ps(polynomial, rest, _mm512_set1_ps(coefficient));
            }
            _mm512_scalef_ps(polynomial, whole)
        }
    }

    #[inline(always)]
    fn prefetch<T>(self, place: &T) {
        // SAFETY: a prefetch of an address that is a reference's; it has no effect but on caches.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) }
    }
}
