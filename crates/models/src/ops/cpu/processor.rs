//! Which vectors the processor has.

use pulp::{Arch, Simd, WithSimd};

/// A set of vector instructions that this processor has: a value is the proof.
#[derive(Clone, Copy, Debug)]
pub(in crate::ops) enum Processor {
    /// AVX-512.
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    /// AVX2 with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    /// NEON on arm64, and plain numbers where there is nothing better.
    Other(Arch),
}

impl Processor {
    /// The best this processor has.
    pub(in crate::ops) fn here() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(simd) = pulp::x86::V4::try_new() {
                return Self::Avx512(simd);
            }
            if let Some(simd) = pulp::x86::V3::try_new() {
                return Self::Avx2(simd);
            }
        }
        Self::Other(Arch::new())
    }

    /// Runs `work` compiled for these instructions.
    pub(super) fn run<Work: WithSimd>(self, work: Work) -> Work::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => Simd::vectorize(simd, work),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => Simd::vectorize(simd, work),
            Self::Other(arch) => arch.dispatch(work),
        }
    }

    /// All that this processor has, and plain numbers.
    #[cfg(test)]
    pub(super) fn all() -> Vec<Self> {
        let mut all = vec![Self::here(), Self::Other(Arch::Scalar)];
        #[cfg(target_arch = "x86_64")]
        all.extend(pulp::x86::V3::try_new().map(Self::Avx2));
        all
    }
}
