//! The macros that declare a typed view and its contract at once: every name stands there, and nowhere else.

/// Names of states or steps as an enum.
macro_rules! names {
    ($(#[$about:meta])+ $name:ident { $( $(#[$doc:meta])+ $variant:ident = $key:literal ),+ $(,)? }) => {
        $(#[$about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[$doc])+ $variant ),+
        }

        impl $crate::contract::Named for $name {
            fn key(self) -> &'static str {
                match self {
                    $( Self::$variant => $key ),+
                }
            }
        }
    };
}

/// The choices of a field that code names as an enum; a bureau may have others, which are kept as they are.
macro_rules! choices {
    ($(#[doc = $about:literal])+ $name:ident { $( $(#[doc = $doc:literal])+ $variant:ident = $key:literal ),+ $(,)? }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $( $(#[doc = $doc])+ $variant, )+
            /// Another choice of the register file.
            Another(String),
        }

        impl $name {
            /// The choice of a key.
            #[must_use]
            pub fn of(key: &str) -> Self {
                match key {
                    $( $key => Self::$variant, )+
                    other => Self::Another(other.to_owned()),
                }
            }

            /// The key in register files.
            #[must_use]
            pub fn key(&self) -> &str {
                match self {
                    $( Self::$variant => $key, )+
                    Self::Another(key) => key,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.key())
            }
        }

        impl $crate::contract::FieldValue for $name {
            const SHAPE: $crate::contract::Shape = $crate::contract::Shape {
                choices: &[$( $key ),+],
                ..<$crate::contract::AnyChoice as $crate::contract::FieldValue>::SHAPE
            };

            fn read(json: Option<&serde_json::Value>) -> Result<Self, $crate::contract::Unreadable> {
                $crate::contract::AnyChoice::read(json).map(|choice| Self::of(&choice.0))
            }

            fn write(&self) -> serde_json::Value {
                serde_json::Value::from(self.key())
            }
        }
    };
}

/// The fields that code names, as the static list of a contract.
macro_rules! needed_fields {
    ($( [$( $purpose:literal )+] $field:ident : $type:ty [$( $absent:ident )?] )+) => {
        &[$( $crate::contract::NeededField {
            name: stringify!($field),
            purpose: concat!($( $purpose ),+).trim_ascii(),
            optional: $crate::contract::declare::is_optional!($( $absent )?),
            shape: <$type as $crate::contract::FieldValue>::SHAPE,
        } ),+]
    };
}

macro_rules! is_optional {
    () => {
        false
    };
    (optional) => {
        true
    };
    (required) => {
        false
    };
}

/// Rows of a table as a struct.
macro_rules! rows {
    ($(#[doc = $about:literal])+ $name:ident { $( $(#[doc = $purpose:literal])+ $field:ident : $type:ty ),+ $(,)? }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $( $(#[doc = $purpose])+ pub $field: $type ),+
        }

        impl $crate::contract::Row for $name {
            const FIELDS: &'static [$crate::contract::NeededField] =
                $crate::contract::declare::needed_fields!($( [$( $purpose )+] $field: $type [] )+);

            fn of(
                row: &serde_json::Map<String, serde_json::Value>,
            ) -> Result<Self, $crate::contract::Unreadable> {
                Ok(Self { $( $field: $crate::contract::read(row, stringify!($field))? ),+ })
            }

            fn values(&self) -> serde_json::Map<String, serde_json::Value> {
                let mut values = serde_json::Map::new();
                $( $crate::contract::write(&mut values, stringify!($field), &self.$field); )+
                values
            }
        }
    };
}

/// A view of a register with its contract.
macro_rules! view {
    (
        $(#[doc = $about:literal])+
        $name:ident of $register:literal, $presence:ident;
        without: $without:literal;
        fields { $( $(#[doc = $purpose:literal])+ $field:ident : $type:ty $(= $absent:ident)? ),+ $(,)? }
        $( states $states:ident { $( $(#[doc = $state_doc:literal])+ $state:ident = $state_key:literal ),+ $(,)? } )?
        $( steps $steps:ident { $(
            $(#[doc = $step_doc:literal])+ $step:ident = $step_key:literal $( by $( $role:ident ),+ )?
        );+ $(;)? } )?
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $( $(#[doc = $purpose])+ pub $field: $type ),+
        }

        $( $crate::contract::names! {
            #[doc = concat!("States of [`", stringify!($name), "`] that code names.")]
            $states { $( $(#[doc = $state_doc])+ $state = $state_key ),+ }
        } )?

        $( $crate::contract::names! {
            #[doc = concat!("Steps of [`", stringify!($name), "`] that code takes or offers.")]
            $steps { $( $(#[doc = $step_doc])+ $step = $step_key ),+ }
        } )?

        impl $name {
            $(
                #[doc = concat!("The name of the field `", stringify!($field), "`.")]
                #[must_use]
                pub const fn $field() -> $crate::contract::FieldOf<Self, $type> {
                    $crate::contract::FieldOf::named(stringify!($field))
                }
            )+
        }

        impl $crate::contract::View for $name {
            const CONTRACT: &'static $crate::contract::Contract = &$crate::contract::Contract {
                register: $register,
                optional: $crate::contract::declare::is_optional!($presence),
                without: $without,
                fields: $crate::contract::declare::needed_fields!(
                    $( [$( $purpose )+] $field: $type [$( $absent )?] )+
                ),
                states: &[$( $( $state_key ),+ )?],
                steps: &[$( $( $crate::contract::NeededStep {
                    name: $step_key,
                    purpose: concat!($( $step_doc ),+).trim_ascii(),
                    roles: &[$( $( $crate::catalogue::Role::$role ),+ )?],
                } ),+ )?],
            };
            const REGISTER: &'static str = $register;
            type State = $crate::contract::declare::named!($( $states )?);
            type Step = $crate::contract::declare::named!($( $steps )?);

            fn of(values: &$crate::ledger::JsonMap) -> Result<Self, $crate::contract::Unreadable> {
                Ok(Self { $( $field: $crate::contract::read(values, stringify!($field))? ),+ })
            }

            fn values(&self) -> $crate::ledger::JsonMap {
                let mut values = $crate::ledger::JsonMap::new();
                $( $crate::contract::write(&mut values, stringify!($field), &self.$field); )+
                values
            }
        }
    };
}

macro_rules! named {
    () => {
        $crate::contract::NoName
    };
    ($name:ident) => {
        $name
    };
}

pub(crate) use {choices, is_optional, named, names, needed_fields, rows, view};
