//! Measured fields that take any number: what an instrument writes for "no value" (-999, 9999) would be entered as one.

use std::fmt;

use bilan_standards::unit::is_physical;

use super::{Field, FieldKind, Register};

/// A field with a physical unit and without a bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbounded {
    /// Key of the register.
    pub register: String,
    /// Key of the field; that of a child table goes before it.
    pub field: String,
    /// Its unit.
    pub unit: String,
    /// The bounds that it lacks: `min`, `max`.
    pub lacks: Vec<&'static str>,
}

impl fmt::Display for Unbounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { register, field, unit, lacks } = self;
        let lacks = lacks.join(" and no ");
        write!(
            f,
            "registers/{register}.toml: fields.{field} ({unit}) has no {lacks}: give what is physically possible, so that -999 or 9999 for a missing value is refused"
        )
    }
}

/// The measured fields of a register that lack a bound.
#[must_use]
pub fn unbounded(register: &Register) -> Vec<Unbounded> {
    let mut found = Vec::new();
    for field in register.fields.values() {
        found.extend(lacking(register, "", field));
        if let FieldKind::Table { fields } = &field.kind {
            found.extend(fields.values().filter_map(|inner| lacking(register, &field.key, inner)));
        }
    }
    found
}

fn lacking(register: &Register, table: &str, field: &Field) -> Option<Unbounded> {
    let (unit, has_min, has_max) = match &field.kind {
        FieldKind::Integer { unit, min, max } => (unit, min.is_some(), max.is_some()),
        FieldKind::Decimal { unit, min, max, .. } => (unit, min.is_some(), max.is_some()),
        _ => return None,
    };
    let unit = unit.as_deref().filter(|unit| is_physical(unit))?;
    let lacks: Vec<&str> =
        [("min", has_min), ("max", has_max)].into_iter().filter(|(_, has)| !has).map(|(key, _)| key).collect();
    let name = if table.is_empty() { field.key.clone() } else { format!("{table}.fields.{}", field.key) };
    (!lacks.is_empty()).then(|| Unbounded { register: register.key.clone(), field: name, unit: unit.to_owned(), lacks })
}
