//! `record!`, `choices!`, `reference!`, `field!`: they only list; all behaviour is in the types they name.

/// Declares a record kind: a typed struct, its [`RecordSpec`](crate::domain::record::RecordSpec) and its rules.
///
/// `pub struct Person = 2, "person" { ... }` gives the kind's number and key; each field is
/// `name: Type = number, "key".attribute(...)...;`; `spec { .owner(...) ... }` says the rest; `rules { f, g }` names functions
/// `fn(&Person) -> Option<Issue>`.
#[macro_export]
macro_rules! record {
    ( $(#[doc = $doc:literal])* pub struct $Kind:ident = $kind_no:literal, $kind:literal {
        $( $(#[doc = $fdoc:literal])* $field:ident : $ty:ty = $number:literal, $key:literal $( . $attr:ident ( $($arg:expr),* ) )* ; )*
      } spec { $( . $sattr:ident ( $($sarg:expr),* ) )* } rules { $( $rule:path ),* $(,)? } ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $Kind { $( $(#[doc = $fdoc])* pub $field: $ty, )* }
        impl $crate::domain::record::Record for $Kind {
            const SPEC: &'static $crate::domain::record::RecordSpec = &$crate::domain::record::RecordSpec::new(
                $kind_no, $kind, concat!($($doc),*),
                &[ $( $crate::domain::record::FieldSpec::new::<$ty>($number, $key, concat!($($fdoc),*)) $( . $attr ( $($arg),* ) )* ),* ],
            ) $( . $sattr ( $($sarg),* ) )*;
            fn hydrate(fields: &$crate::domain::record::Fields) -> Result<Self, Vec<$crate::domain::record::Issue>> {
                let mut issues = Vec::new();
                $( let $field = <$ty as $crate::domain::record::FieldType>::from_slot($key, fields.get(&$crate::domain::record::FieldNo($number)))
                    .map_err(|issue| issues.push(issue)).ok(); )*
                match ($($field,)*) { ($(Some($field),)*) => Ok(Self { $($field),* }), _ => Err(issues) }
            }
            fn check(&self) -> Vec<$crate::domain::record::Issue> {
                let rules: &[fn(&Self) -> Option<$crate::domain::record::Issue>] = &[ $( $rule ),* ];
                rules.iter().filter_map(|rule| rule(self)).collect()
            }
        }
        const _: () = <$Kind as $crate::domain::record::Record>::SPEC.check();
    };
}

/// Declares a closed set of choices; the macro adds `Other`: written by a newer version, kept, never offered.
#[macro_export]
macro_rules! choices {
    ( $(#[$m:meta])* pub enum $T:ident { $( $(#[$vm:meta])* $V:ident = $key:literal ),* $(,)? } ) => {
        $(#[$m])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $T {
            $( $(#[$vm])* $V, )*
            /// A value written by a newer version; kept, shown, never chosen here.
            Other(String),
        }
        impl $T {
            /// Returns the stored code.
            pub fn key(&self) -> &str {
                match self { $( Self::$V => $key, )* Self::Other(code) => code }
            }
        }
        impl $crate::domain::record::FieldType for $T {
            const KIND: $crate::domain::record::ValueKind = $crate::domain::record::ValueKind::Choice;
            const CHOICES: &'static [&'static str] = &[$($key),*];
            fn from_value(value: &$crate::domain::record::Value) -> Option<Self> {
                if let $crate::domain::record::Value::Code(code) = value {
                    Some(match code.as_str() { $($key => Self::$V,)* _ => Self::Other(code.clone()) })
                } else { None }
            }
        }
    };
}

/// Declares types of references, each to records of the kind with that key.
#[macro_export]
macro_rules! reference {
    ($($(#[$doc:meta])* $T:ident -> $kind:literal;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $T(pub $crate::domain::ids::RecordId);
        impl $crate::domain::record::FieldType for $T {
            const KIND: $crate::domain::record::ValueKind = $crate::domain::record::ValueKind::Reference($kind);
            fn from_value(value: &$crate::domain::record::Value) -> Option<Self> { value.as_ref_id().map(Self) }
        }
    )* };
}

/// Names a field of a kind; a misspelt key does not compile.
#[macro_export]
macro_rules! field {
    ($Kind:ident: $key:literal) => {
        const {
            $crate::domain::record::FieldId {
                spec: <$Kind as $crate::domain::record::Record>::SPEC,
                index: <$Kind as $crate::domain::record::Record>::SPEC.index_of($key),
            }
        }
    };
}
