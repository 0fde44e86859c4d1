//! What a name in a filter means: a column of the record, of what it refers to, or of its rows.

use std::ops::Range;

use indexmap::IndexMap;

use super::{Fault, both, condition::Place, labels::written, resolve::Resolver};
use crate::{
    catalogue::{Field, FieldKind, Label, Register, closest},
    naming,
    value::Language,
};

/// What a name means.
pub(super) struct Named<'r> {
    pub place: Place,
    pub column: String,
    pub kind: Kind<'r>,
    pub personal: bool,
    /// Kept and shown to nobody.
    pub withheld: bool,
}

pub(super) enum Kind<'r> {
    Field(&'r FieldKind),
    Number,
    State(Vec<(&'r str, &'r Label)>),
    Cell,
    Closed,
    Author,
    Moment,
    Version,
}

impl<'r> Resolver<'r> {
    pub(super) fn name(&self, name: &str, span: &Range<usize>) -> Result<Named<'r>, Fault> {
        let Some((first, second)) = name.split_once('.') else {
            return named_in(self.register, Place::Own, name, span);
        };
        let after = span.start + first.len() + 1..span.end;
        if second.contains('.') {
            let (table, rest) = (first, second.split_once('.').unwrap_or((second, "")));
            if let (Some(rows), true) = (self.row_fields(table), self.rows == Some(table))
                && let Some(Field { kind: FieldKind::Reference { to }, .. }) = rows.get(rest.0)
                && let Some(other) = self.registers.get(to)
            {
                let place = Place::Reference { column: rest.0.to_owned(), on_row: true, to: to.clone() };
                return named_in(other, place, rest.1, &after);
            }
            return Err(Fault::new(
                after,
                both("只能引用一层，不能再引用下去", "a name goes one reference far, not two"),
                None,
            ));
        }
        match self.register.fields.get(first).map(|field| &field.kind) {
            Some(FieldKind::Reference { to }) => {
                let Some(other) = self.registers.get(to) else {
                    return Err(Fault::new(
                        span.clone(),
                        both(
                            format!("“{first}”所引用的台账“{to}”不存在"),
                            format!("“{first}” refers to “{to}”, which is no register"),
                        ),
                        None,
                    ));
                };
                let place = Place::Reference { column: first.to_owned(), on_row: false, to: to.clone() };
                named_in(other, place, second, &after)
            }
            Some(FieldKind::Table { fields }) => {
                let place = match self.rows == Some(first) {
                    true => Place::Row,
                    false => Place::AnyRow { register: self.register.key.clone(), table: first.to_owned() },
                };
                match fields.get(second) {
                    Some(field) => Ok(of_field(field, place)),
                    None => Err(unknown(
                        second,
                        &after,
                        &both(format!("子表“{first}”"), format!("the table “{first}”")),
                        fields,
                    )),
                }
            }
            Some(_) => {
                let message = both(
                    format!("“{first}”不是引用，也不是子表，后面不能接“{second}”"),
                    format!("“{first}” is neither a reference nor a table, so “{second}” cannot follow it"),
                );
                Err(Fault::new(span.clone(), message, None))
            }
            None => {
                let at = span.start..span.start + first.len();
                Err(unknown(first, &at, &of_register(self.register), &self.register.fields))
            }
        }
    }

    fn row_fields(&self, table: &str) -> Option<&'r IndexMap<String, Field>> {
        match self.register.fields.get(table).map(|field| &field.kind) {
            Some(FieldKind::Table { fields }) => Some(fields),
            _ => None,
        }
    }
}

fn named_in<'r>(register: &'r Register, place: Place, name: &str, span: &Range<usize>) -> Result<Named<'r>, Fault> {
    let system =
        |kind| Ok(Named { place: place.clone(), column: name.to_owned(), kind, personal: false, withheld: false });
    match name {
        "number" => system(Kind::Number),
        "state" | "closed" if register.workflow.is_none() => Err(Fault::new(
            span.clone(),
            both(
                format!("台账“{}”没有办理流程，因此没有“{name}”", register.label.zh),
                format!("the register “{}” has no workflow, so no “{name}”", register.key),
            ),
            None,
        )),
        "state" => {
            let states = register.workflow.iter().flat_map(|workflow| &workflow.states);
            system(Kind::State(states.map(|(key, state)| (key.as_str(), &state.label)).collect()))
        }
        "closed" => system(Kind::Closed),
        "cell" => system(Kind::Cell),
        "version" => system(Kind::Version),
        "created_by" | "changed_by" => system(Kind::Author),
        "created_at" | "changed_at" => system(Kind::Moment),
        _ => match register.fields.get(name) {
            Some(field) if matches!(field.kind, FieldKind::Table { .. }) && matches!(place, Place::Own) => {
                Ok(of_field(field, Place::AnyRow { register: register.key.clone(), table: name.to_owned() }))
            }
            Some(field) => Ok(of_field(field, place)),
            None => Err(unknown(name, span, &of_register(register), &register.fields)),
        },
    }
}

fn of_field(field: &Field, place: Place) -> Named<'_> {
    Named {
        place,
        column: naming::column(field),
        kind: Kind::Field(&field.kind),
        personal: field.personal,
        withheld: field.withheld,
    }
}

fn of_register(register: &Register) -> Label {
    both(format!("台账“{}”", register.label.zh), format!("the register “{}”", register.key))
}

fn unknown(name: &str, span: &Range<usize>, what: &Label, fields: &IndexMap<String, Field>) -> Fault {
    let system = ["number", "state", "cell", "closed"];
    let keys: Vec<&str> = fields.keys().map(String::as_str).chain(system).collect();
    // The Chinese sentence stands on pages, where fields go by their names; the English one beside files as well.
    let names = fields.values().map(|field| written(fields, field, Language::Chinese));
    let names: Vec<&str> = names.chain(["编号", "状态", "网格"]).collect();
    let meant = |known: &[&str]| closest(name, known.iter().copied()).map(str::to_owned);
    let remedy = both(
        match meant(&names).or_else(|| meant(&keys)) {
            Some(meant) => format!("是否指“{meant}”？"),
            None => format!("可用的字段：{}", names.join("、")),
        },
        match meant(&keys).or_else(|| meant(&names)) {
            Some(meant) => format!("did you mean “{meant}”?"),
            None => format!("known are: {}", keys.join(", ")),
        },
    );
    let message = both(format!("{}没有字段“{name}”", what.zh), format!("{} has no field “{name}”", what.en));
    Fault::new(span.clone(), message, Some(remedy))
}
