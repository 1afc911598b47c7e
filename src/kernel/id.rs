//! Ids as types: a consumer's number cannot be taken for a partition's.

/// Declares newtypes over `u32` that index dense tables.
#[macro_export]
macro_rules! define_id {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub struct $name(pub u32);

        impl $name {
            /// The id of the table row `index`.
            pub fn new(index: usize) -> Self {
                $name(u32::try_from(index).expect("tables hold fewer than 2^32 rows"))
            }

            /// The row of this id in its table.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )+};
}
