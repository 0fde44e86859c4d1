//! What the program relies on in the files of a bureau: registers, fields with their types, choices, states, steps, roles.
//!
//! A typed view (`crate::views`) declares all of it once, and is the only way in which code reads such a register. What is
//! declared is a [`Contract`]; `catalogue::load` holds the files of a bureau against every one, and says with file, line
//! and remedy what is missing.

mod check;
pub(crate) mod declare;
mod field;
mod places;
mod query;
mod view;

use crate::catalogue::Role;

pub(crate) use self::check::check;
pub(crate) use self::declare::{choices, names, rows, view};
pub use self::field::{AnyChoice, FieldValue, Files, Guard, Personal, Refers, Row, Shape, Unreadable, Withheld};
pub(crate) use self::field::{read, write};
pub use self::query::{Condition, FieldOf, Query};
pub use self::view::{Changes, Kept, Named, NoName, View, Views};

/// What the program relies on in one register.
#[derive(Debug)]
pub struct Contract {
    /// Key of the register.
    pub register: &'static str,
    /// The program works without it; what is then missing is said at the start.
    pub optional: bool,
    /// What stops working without it.
    pub without: &'static str,
    /// Fields, with their types.
    pub fields: &'static [NeededField],
    /// States that code names.
    pub states: &'static [&'static str],
    /// Steps that code takes or offers.
    pub steps: &'static [NeededStep],
}

/// A field that code reads, writes or asks for.
#[derive(Debug)]
pub struct NeededField {
    /// Its key.
    pub name: &'static str,
    /// What it is read or written for.
    pub purpose: &'static str,
    /// A bureau may keep a register file of an earlier version, which has no such field.
    pub optional: bool,
    /// What it must hold.
    pub shape: Shape,
}

/// A step that code takes or offers.
#[derive(Debug)]
pub struct NeededStep {
    /// Its key.
    pub name: &'static str,
    /// When it is taken.
    pub purpose: &'static str,
    /// Who must be able to take it.
    pub roles: &'static [Role],
}

/// One name of a contract: the way to where a register file declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededName {
    /// Keys in the file from the outermost: `["fields", "kind", "choices", "air"]`; empty for the register itself.
    pub path: Vec<&'static str>,
    /// The name; the last of the keys, or that of the register or of a role.
    pub name: &'static str,
    /// A file without it is taken, and what is missing is said.
    pub optional: bool,
}

impl Contract {
    /// Every name that code relies on: the register, its fields and those of their rows, choices, states, steps and roles.
    #[must_use]
    pub fn names(&self) -> Vec<NeededName> {
        let mut names = vec![NeededName { path: Vec::new(), name: self.register, optional: self.optional }];
        add_fields(&mut names, &["fields"], self.fields);
        let of_workflow = |kind: &'static str, name: &'static str| NeededName {
            path: vec!["workflow", kind, name],
            name,
            optional: false,
        };
        names.extend(self.states.iter().map(|state| of_workflow("states", state)));
        for step in self.steps {
            names.push(of_workflow("steps", step.name));
            names.extend(step.roles.iter().map(|role| NeededName {
                path: vec!["workflow", "steps", step.name, "roles"],
                name: role.key(),
                optional: false,
            }));
        }
        names
    }
}

fn add_fields(names: &mut Vec<NeededName>, above: &[&'static str], fields: &'static [NeededField]) {
    for field in fields {
        let at = |more: &[&'static str]| above.iter().chain([&field.name]).chain(more).copied().collect::<Vec<_>>();
        names.push(NeededName { path: at(&[]), name: field.name, optional: field.optional });
        for choice in field.shape.choices {
            names.push(NeededName { path: at(&["choices", choice]), name: choice, optional: false });
        }
        add_fields(names, &at(&["fields"]), field.shape.rows);
    }
}
