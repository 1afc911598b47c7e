//! Macros that write a description and what it is read into in one go.

/// Declares a table of the scenario file: a struct with one optional field a key, and its
/// [`TableSpec`](super::spec::TableSpec). Each doc comment is also the key's documentation for
/// people; `= "…"` its default; `as "…"` its name where that is no identifier. `besides` lists keys
/// that are described but not read into the struct.
macro_rules! table {
    (
        $(#[doc = $doc:literal])+
        $name:ident, $noun:literal, $heading:literal, [$($rule:expr),* $(,)?];
        $(
            $(#[doc = $key_doc:literal])+
            $field:ident $(as $key:literal)? : $type:ty $(= $default:literal)?;
        )*
        $(besides {
            $( $(#[doc = $other_doc:literal])+ $other:literal: $kind:expr; )+
        })?
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default)]
        pub(crate) struct $name {
            $( $(#[doc = $key_doc])+ pub(crate) $field: Option<$crate::parse::shape::At<$type>>, )*
        }

        impl $name {
            /// How files may write it.
            pub(crate) const SPEC: $crate::parse::spec::TableSpec =
                $crate::parse::spec::TableSpec {
                    noun: $noun,
                    heading: $heading,
                    doc: &[$($doc),+],
                    keys: &[
                        $($crate::parse::spec::KeySpec {
                            name: $crate::parse::table::key_name!($field $($key)?),
                            kind: <$type as $crate::parse::shape::Shape>::KIND,
                            doc: &[$($key_doc),+],
                            default: $crate::parse::table::optional!($($default)?),
                        },)*
                        $($($crate::parse::spec::KeySpec {
                            name: $other,
                            kind: $kind,
                            doc: &[$($other_doc),+],
                            default: None,
                        },)+)?
                    ],
                    rules: &[$($rule),*],
                };
        }

        impl $crate::parse::shape::Shape for $name {
            const KIND: $crate::parse::spec::Kind = $crate::parse::spec::Kind::Table(&Self::SPEC);

            fn read(
                node: &$crate::parse::document::Node,
                reader: &mut $crate::parse::shape::Reader,
            ) -> Option<Self> {
                let fields = reader.table(node, &Self::SPEC)?;
                Some($name {
                    $($field: fields.read(
                        $crate::parse::table::key_name!($field $($key)?),
                        reader,
                    ),)*
                })
            }
        }
    };
}

/// Declares how the words of a file stand for the values of a type.
macro_rules! words {
    ($type:ty { $( $word:literal = $value:expr, $doc:literal; )+ }) => {
        impl $crate::parse::shape::Shape for $type {
            const KIND: $crate::parse::spec::Kind = $crate::parse::spec::Kind::Words(&[
                $($crate::parse::spec::Word { word: $word, doc: $doc }),+
            ]);

            fn read(
                node: &$crate::parse::document::Node,
                reader: &mut $crate::parse::shape::Reader,
            ) -> Option<Self> {
                let word = $crate::parse::shape::word(node, &Self::KIND, &[$($word),+], reader)?;
                match word {
                    $($word => Some($value),)+
                    _ => None,
                }
            }
        }
    };
}

/// The name of a key: its own, or that of its field.
macro_rules! key_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $key:literal) => {
        $key
    };
}

/// A literal that may be absent.
macro_rules! optional {
    () => {
        None
    };
    ($literal:literal) => {
        Some($literal)
    };
}

pub(crate) use {key_name, optional, table, words};
