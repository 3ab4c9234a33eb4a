//! Why a mesh cannot be read or sampled.

use thiserror::Error;

/// Why a mesh cannot be read or sampled, in one line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MeshError {
    /// The bytes do not follow the format.
    #[error("not a readable {format} mesh: {what}")]
    Malformed {
        /// Name of the format.
        format: &'static str,
        /// What is wrong with them.
        what: String,
    },
    /// The mesh cannot be understood without an extension that is not supported.
    #[error("the mesh needs the glTF extension {0}, which is not supported: export it without")]
    Extension(String),
    /// A buffer that holds geometry is not where the mesh says.
    #[error("{0} is missing: it must lie in the mesh's own folder")]
    Missing(String),
    /// Beyond what is read, whatever the memory at hand.
    #[error("the mesh has {found} {what}, more than the {limit} that are read")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much there is, at least.
        found: usize,
        /// How much is allowed.
        limit: usize,
    },
    /// Nothing with a surface is in the file.
    #[error("the mesh has no triangle with an area ({dropped} had none or were not finite)")]
    NoTriangles {
        /// Triangles that were dropped because they had no area or corners that are not finite.
        dropped: usize,
    },
    /// Every sample fell onto a cut-out texel.
    #[error("the mesh is transparent everywhere: it makes no splats")]
    Transparent,
    /// The number of splats asked for is out of range.
    #[error("{0} splats are out of range: ask for 1 to {max}", max = crate::MAX_SPLATS)]
    BadSplats(usize),
}

impl MeshError {
    pub(crate) fn gltf(what: impl AsRef<str>) -> Self {
        Self::malformed("glTF", what)
    }

    pub(crate) fn malformed(format: &'static str, what: impl AsRef<str>) -> Self {
        let what = one_line(what.as_ref());
        Self::Malformed { format, what }
    }

    pub(crate) fn extension(name: &str) -> Self {
        Self::Extension(one_line(name))
    }

    pub(crate) fn missing(path: &str) -> Self {
        Self::Missing(one_line(path))
    }
}

/// Most of a text that may quote a stranger's file, fit for a terminal.
pub(crate) fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let tame = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(LONGEST).map(tame).collect()
}
