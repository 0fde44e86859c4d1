//! The parameters that an address takes (`?year=2020`): each known by name. One that nobody knows is no filter, and a page
//! that passed over it would show what was not asked for.

use axum::extract::{FromRequestParts, Query as Read};
use axum::http::Uri;
use axum::http::request::Parts;
use jiff::civil::Date;
use serde::de::value::Error as Stop;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

use crate::refusal::Refusal;

/// What messengers and search engines put behind an address that they pass on; it asks for nothing.
const PASSED_ON: [&str; 8] = ["from", "isappinstalled", "scene", "spm", "bd_vid", "gclid", "fbclid", "msclkid"];
/// Letters of a name that a refusal repeats.
const NAMED: usize = 60;

/// Refuses a parameter of an address whose name `is_known` does not know.
pub(crate) fn known(name: &str, is_known: impl FnOnce(&str) -> bool) -> Result<(), Refusal> {
    if is_known(name) || name.starts_with("utm_") || PASSED_ON.contains(&name) {
        return Ok(());
    }
    Err(Refusal::UnknownParameter { name: name.chars().take(NAMED).collect() })
}

/// Refuses the value of a parameter that cannot be read.
pub(crate) fn wrong(name: &str, found: &str) -> Refusal {
    let shortened = |text: &str| text.chars().take(NAMED).collect();
    Refusal::WrongParameter { name: shortened(name), found: shortened(found) }
}

/// The value of a parameter that may be left out. What cannot be read is refused by name: a page that passed over it would
/// show something else than was asked for.
pub(crate) fn value<T>(name: &str, text: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Refusal> {
    match text.trim() {
        "" => Ok(None),
        text => read(text).map(Some).ok_or_else(|| wrong(name, text)),
    }
}

/// A page of a list, counted from 1; the first where none is asked for.
pub(crate) fn page(text: &str) -> Result<u64, Refusal> {
    let read = |text: &str| text.parse::<u32>().ok().filter(|page| *page > 0);
    Ok(value("page", text, read)?.map_or(1, u64::from))
}

/// A year of observations.
pub(crate) fn year(text: &str) -> Result<Option<i16>, Refusal> {
    value("year", text, |text| text.parse().ok().filter(|year| (2000..=9998).contains(year)))
}

/// A day.
pub(crate) fn day(text: &str) -> Result<Option<Date>, Refusal> {
    value("day", text, |text| text.parse().ok())
}

/// The first day of a month, `2020-05`.
pub(crate) fn month(text: &str) -> Result<Option<Date>, Refusal> {
    value("month", text, |text| format!("{text}-01").parse().ok())
}

/// Refuses an address that asks for nothing without this parameter.
pub(crate) fn given(name: &'static str, value: &str) -> Result<(), Refusal> {
    if value.trim().is_empty() { Err(Refusal::MissingParameter { name }) } else { Ok(()) }
}

/// The parameters of an address as a structure: its fields are the names that are known.
pub(crate) struct Query<T>(pub T);

/// The same of two structures, which share the address.
pub(crate) struct Both<A, B>(pub A, pub B);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let names = names_of::<T>();
        each_known(parts, |name| names.contains(&name))?;
        Ok(Self(read(parts)?))
    }
}

impl<A: DeserializeOwned, B: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Both<A, B> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let (one, other) = (names_of::<A>(), names_of::<B>());
        each_known(parts, |name| one.contains(&name) || other.contains(&name))?;
        Ok(Self(read(parts)?, read(parts)?))
    }
}

fn each_known(parts: &Parts, is_known: impl Fn(&str) -> bool) -> Result<(), Refusal> {
    let query = parts.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).try_for_each(|(name, _)| known(&name, &is_known))
}

fn read<T: DeserializeOwned>(parts: &Parts) -> Result<T, Refusal> {
    let asked = |uri: &Uri| Read::try_from_uri(uri).map(|Read(read)| read).ok();
    asked(&parts.uri).ok_or_else(|| match at_fault(parts.uri.query().unwrap_or_default(), |uri| asked(uri).is_some()) {
        Some((name, found)) => wrong(&name, &found),
        None => Refusal::BadAddress,
    })
}

/// Parameters among which the one at fault is looked for: no page takes as many.
const LOOKED_AT: usize = 50;

/// The parameter without which an address can be read: the one that is wrong.
fn at_fault(query: &str, can_be_read: impl Fn(&Uri) -> bool) -> Option<(String, String)> {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    if pairs.len() > LOOKED_AT {
        return None;
    }
    let without = |at: usize| {
        let rest = pairs.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, pair)| pair);
        let query = form_urlencoded::Serializer::new(String::from("/?")).extend_pairs(rest).finish();
        query.parse::<Uri>().is_ok_and(|uri| can_be_read(&uri))
    };
    (0..pairs.len()).find(|at| without(*at)).map(|at| pairs[at].clone())
}

/// Names of the fields of a structure, which it says when it is to be read; none of what is no structure.
fn names_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut names = Names(&[]);
    // Reading stops as soon as the names are known.
    let _ = T::deserialize(&mut names);
    names.0
}

struct Names(&'static [&'static str]);

impl<'de> Deserializer<'de> for &mut Names {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
        Err(Stop::custom("no structure"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Stop> {
        self.0 = fields;
        Err(Stop::custom("the names are known"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    #[allow(dead_code, reason = "only the names of the fields are asked for")]
    struct Wanted {
        year: String,
        #[serde(rename = "as")]
        moment: Option<String>,
    }

    #[test]
    fn the_fields_of_a_structure_are_the_names_that_an_address_takes() {
        assert_eq!(names_of::<Wanted>(), ["year", "as"]);
        assert!(names_of::<Vec<(String, String)>>().is_empty());
    }

    #[derive(serde::Deserialize)]
    struct Counted {
        #[serde(default)]
        page: u64,
        #[serde(default)]
        year: String,
    }

    #[test]
    fn the_parameter_that_cannot_be_read_is_named_with_what_it_says() {
        let read = |query: &str| {
            let request = axum::http::Request::get(format!("/?{query}")).body(()).unwrap();
            read::<Counted>(&request.into_parts().0)
        };
        assert!(matches!(read("year=2020&page=3"), Ok(Counted { page: 3, year }) if year == "2020"));
        let refused = read("year=2020&page=%E4%B8%89");
        assert!(matches!(refused, Err(Refusal::WrongParameter { name, found }) if name == "page" && found == "三"));
        assert!(matches!(read(&"page=x&".repeat(60)), Err(Refusal::BadAddress)), "not looked for among so many");
    }

    #[test]
    fn a_page_is_a_number_from_one() {
        assert!(matches!((page(""), page("7")), (Ok(1), Ok(7))));
        for wrong in ["0", "-1", "abc", "1.5", "18446744073709551615"] {
            assert!(matches!(page(wrong), Err(Refusal::WrongParameter { found, .. }) if found == wrong), "{wrong}");
        }
    }

    #[test]
    fn a_long_name_is_repeated_in_part() {
        let refused = known(&"年".repeat(5000), |_| false);
        assert!(matches!(refused, Err(Refusal::UnknownParameter { name }) if name.chars().count() == NAMED));
    }
}
