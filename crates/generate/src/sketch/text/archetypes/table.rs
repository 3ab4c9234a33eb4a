//! Rows instead of calls: the catalogue's newer pages are tables for rustfmt too.

/// Adds parts to a model, one line of a table each: name, coat, solids; `hard` keeps edges.
macro_rules! parts {
    ($model:ident: $($name:literal $coat:expr => $solids:expr $(, $then:ident)?;)*) => {
        $($model.add($name, $coat, $solids)$(.$then())?;)*
    };
}
pub(super) use parts;

/// The archetypes of a table: name, further nouns, builder.
macro_rules! catalogue {
    ($($name:literal $nouns:literal => $build:ident;)*) => {
        &[$(Archetype::new($name, $nouns, $build)),*]
    };
}
pub(super) use catalogue;
