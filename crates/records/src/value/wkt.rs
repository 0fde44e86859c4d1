//! Lines and areas as well-known text, as programs for maps write and read them: `LINESTRING (112.98 28.1, 112.99 28.11)`,
//! `POLYGON ((…), (…))`.

use serde_json::Value as Json;

use super::{characters::half_width, geometry::Point};

/// Points between the brackets.
pub(super) fn points(points: &[Point]) -> String {
    let written: Vec<String> = points.iter().map(|[lon, lat]| format!("{lon} {lat}")).collect();
    written.join(", ")
}

/// The points of a line.
pub(super) fn line(text: &str) -> Option<Json> {
    let half = in_half_width(text);
    let (points, rest) = bracketed(behind(&half, "LINESTRING")?)?;
    rest.is_empty().then_some(points)
}

/// The rings of an area.
pub(super) fn polygon(text: &str) -> Option<Json> {
    let half = in_half_width(text);
    let mut rest = behind(&half, "POLYGON")?.strip_prefix('(')?.strip_suffix(')')?.trim();
    let mut rings = Vec::new();
    loop {
        let (ring, behind) = bracketed(rest)?;
        rings.push(ring);
        match behind.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None => return behind.is_empty().then_some(Json::Array(rings)),
        }
    }
}

fn in_half_width(text: &str) -> String {
    text.trim().chars().map(half_width).collect()
}

/// What stands behind the word with which a shape begins.
fn behind<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let begins = text.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    begins.then(|| text[word.len()..].trim_start())
}

/// The points in the first brackets, and what stands behind these.
fn bracketed(text: &str) -> Option<(Json, &str)> {
    let (inside, rest) = text.strip_prefix('(')?.split_once(')')?;
    let number = |word: &str| word.parse::<f64>().ok().filter(|number| number.is_finite());
    let point = |point: &str| point.split_whitespace().map(number).collect::<Option<Vec<f64>>>().map(Json::from);
    Some((inside.split(',').map(point).collect::<Option<Vec<Json>>>()?.into(), rest.trim_start()))
}
