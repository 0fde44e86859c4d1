//! Why a figure has no value, in words for people: figures and fields by their names, not by their keys.

use crate::{
    catalogue::{Catalogue, Label},
    figures::Gap,
};

/// The reason of a gap in both languages.
#[must_use]
pub fn gap_words(gap: &Gap, catalogue: &Catalogue) -> Label {
    let name = |key: &str| {
        let label = catalogue.figures.get(key).map(|figure| figure.label.clone());
        label.unwrap_or_else(|| Label { zh: key.to_owned(), en: key.to_owned() })
    };
    match gap {
        Gap::DivisionByZero { divisor } => {
            let divisor = name(divisor);
            Label {
                zh: format!("作为除数的“{}”为零", divisor.zh),
                en: format!("it is divided by “{}”, which is zero", divisor.en),
            }
        }
        Gap::Part { part, .. } => {
            let part = name(part);
            Label {
                zh: format!("所依据的“{}”没有数值", part.zh), en: format!("“{}” has no value", part.en)
            }
        }
        Gap::NoValues { field, records } => {
            let field = field_name(field, catalogue);
            Label {
                zh: format!("{records}条记录都没有填写“{}”", field.zh),
                en: format!("none of the {records} records has “{}” filled", field.en),
            }
        }
        // Stations and factors stand in the figure's own name.
        Gap::NoObservations { .. } => Label {
            zh: "该时段没有监测数据".to_owned(),
            en: "there are no observations in the period".to_owned(),
        },
        Gap::TooLarge => Label {
            zh: "数值超出可精确计算的范围".to_owned(),
            en: "the value is too large to be exact".to_owned(),
        },
    }
}

/// The name of a field, if every register that has one of this key calls it the same.
fn field_name(key: &str, catalogue: &Catalogue) -> Label {
    let mut labels = catalogue.registers.values().filter_map(|register| Some(&register.fields.get(key)?.label));
    match labels.next() {
        Some(first) if labels.all(|label| label == first) => first.clone(),
        _ => Label { zh: key.to_owned(), en: key.to_owned() },
    }
}
