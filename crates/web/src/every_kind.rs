//! A list of all kinds of a fault that does not compile without a new kind: for tests that show a sample of each.

/// Makes a function that fails unless every kind of the type is among the samples.
///
/// A new variant does not compile until it stands in the list, and the test that calls the function fails until a sample
/// of it is shown.
#[macro_export]
macro_rules! every_kind {
    ($name:ident of $type:ty: $($kind:pat),+ $(,)?) => {
        fn $name<'s>(samples: impl IntoIterator<Item = &'s $type>) {
            let kind = |sample: &$type| match sample {
                $($kind => stringify!($kind)),+
            };
            let shown: std::collections::BTreeSet<&str> = samples.into_iter().map(kind).collect();
            let missing: Vec<&str> = [$(stringify!($kind)),+].into_iter().filter(|kind| !shown.contains(kind)).collect();
            assert!(missing.is_empty(), "no sample of {missing:?}");
        }
    };
}
