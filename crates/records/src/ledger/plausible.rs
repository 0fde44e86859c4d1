//! Values that are right each by itself, and wrong beside one another, the clock or the map: the order of times, what cannot have
//! happened yet, a place outside the district.

use jiff::SignedDuration;
use serde_json::Value as Json;

use super::{check, error::FieldFault, record::JsonMap, session::Session};
use crate::{
    catalogue::{Field, FieldKind, Register},
    value::beijing_text,
};

/// How far ahead of this clock another may be: the browser's or the device's with which a moment was taken.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

impl Session<'_> {
    /// Adds a fault for each value among `changed` that cannot be, `values` being the whole record.
    ///
    /// A `step` is judged by what it sets: what another field says of an earlier round of a record that was opened again stays.
    pub(super) fn judge(
        &self,
        register: &Register,
        values: &JsonMap,
        changed: &JsonMap,
        step: bool,
        faults: &mut Vec<FieldFault>,
    ) {
        let now = beijing_text(self.now.checked_add(AHEAD).unwrap_or(self.now));
        for field in register.fields.values() {
            let is_changed = changed.contains_key(&field.key);
            let Some(value) = values.get(&field.key).filter(|value| !value.is_null()) else { continue };
            if is_changed {
                self.judge_alone(field, &field.key, value, &now, faults);
            }
            for other in &field.checks.after {
                let concerned = is_changed || (!step && changed.contains_key(other));
                if let (true, Some(before)) = (concerned, values.get(other).and_then(Json::as_str))
                    && let Some(fault) = out_of_order(register, field, value, other, before)
                {
                    faults.push(fault);
                }
            }
        }
    }

    fn judge_alone(&self, field: &Field, path: &str, value: &Json, now: &str, faults: &mut Vec<FieldFault>) {
        match &field.kind {
            FieldKind::Date | FieldKind::DateTime if field.checks.past => {
                let text = value.as_str().unwrap_or_default();
                if is_before(now, text) {
                    let today = now.get(..10).unwrap_or(now);
                    faults.push(check::fault(
                        path,
                        value,
                        format!("lies in the future, but can only have happened (today is {today})"),
                        format!("晚于当前时间，此处只能填写已发生的时间（今天是{today}）"),
                    ));
                }
            }
            FieldKind::Place if !field.checks.anywhere => {
                let coordinate = |key: &str| value.get(key).and_then(Json::as_f64);
                if let (Some(lon), Some(lat)) = (coordinate("lon"), coordinate("lat"))
                    && !self.catalogue.district.holds(lon, lat)
                {
                    let name = &self.catalogue.district.name;
                    faults.push(check::fault(
                        path,
                        value,
                        format!("longitude {lon}, latitude {lat} lies outside {}", name.en),
                        format!("经度{lon}、纬度{lat}不在{}辖区内", name.zh),
                    ));
                }
            }
            FieldKind::Table { fields } => {
                for (index, row) in value.as_array().into_iter().flatten().enumerate() {
                    for field in fields.values() {
                        if let Some(value) = row.get(&field.key).filter(|value| !value.is_null()) {
                            let path = format!("{path}[{}].{}", index + 1, field.key);
                            self.judge_alone(field, &path, value, now, faults);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

fn out_of_order(register: &Register, field: &Field, value: &Json, other: &str, before: &str) -> Option<FieldFault> {
    let text = value.as_str()?;
    if !is_before(text, before) {
        return None;
    }
    let label = &register.fields.get(other)?.label;
    let shown = before.get(..16).unwrap_or(before).replace('T', " ");
    Some(check::fault(
        &field.key,
        value,
        format!("lies before “{}” ({shown})", label.en),
        format!("早于“{}”（{shown}）", label.zh),
    ))
}

/// Whether a day or moment of the external form lies before another: to the minute, as forms give it, or to the day where one is a day.
fn is_before(one: &str, other: &str) -> bool {
    let precision = if one.len().min(other.len()) <= 10 { 10 } else { 16 };
    let cut = |text: &str| text.get(..precision).unwrap_or(text).to_owned();
    cut(one) < cut(other)
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case("2020-05-01T09:00:00+08:00", "2020-05-02T10:00:00+08:00" => true; "a day earlier")]
    #[test_case("2020-05-02T10:00:00+08:00", "2020-05-02T10:00:59+08:00" => false; "the same minute")]
    #[test_case("2020-05-02", "2020-05-02T10:00:00+08:00" => false; "the same day")]
    #[test_case("2020-05-01", "2020-05-02T10:00:00+08:00" => true; "a day and a moment")]
    #[test_case("2020-05-02", "2020-05-01" => false; "later")]
    fn days_and_moments_are_compared_as_they_are_written(one: &str, other: &str) -> bool {
        is_before(one, other)
    }
}
