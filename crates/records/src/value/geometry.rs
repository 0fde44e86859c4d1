//! Points, lines and polygons in WGS-84.

use std::fmt;

use serde_json::{Value as Json, json};

use super::{coordinates, refusal::Refusal, text, wkt};
use crate::catalogue::FieldKind;

/// Longitude and latitude in degrees, WGS-84.
pub type Point = [f64; 2];

/// Where something is: a point, an address, or both.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// Longitude and latitude.
    pub point: Option<Point>,
    /// Address in words.
    pub address: Option<String>,
}

impl Position {
    /// The external form; null where nothing is said.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match (self.point, &self.address) {
            (Some([lon, lat]), Some(address)) => json!({ "lon": lon, "lat": lat, "address": address }),
            (Some([lon, lat]), None) => json!({ "lon": lon, "lat": lat }),
            (None, Some(address)) => json!({ "address": address }),
            (None, None) => Json::Null,
        }
    }
}

impl Position {
    /// Reads the external form.
    ///
    /// # Errors
    /// What stands there instead of a place.
    pub fn from_json(json: &Json) -> Result<Self, Refusal> {
        position(json)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.point, &self.address) {
            (_, Some(address)) => f.write_str(address),
            (Some([lon, lat]), None) => write!(f, "{lon:.6}, {lat:.6}"),
            (None, None) => Ok(()),
        }
    }
}

/// Coordinates are kept to a tenth of a metre; more digits would be noise.
fn rounded(degrees: f64) -> f64 {
    (degrees * 1e6).round() / 1e6
}

fn in_china(lon: f64, lat: f64) -> bool {
    (73.0..=136.0).contains(&lon) && (3.0..=54.0).contains(&lat)
}

fn point(lon: f64, lat: f64) -> Result<Point, Refusal> {
    if in_china(lon, lat) {
        Ok([rounded(lon), rounded(lat)])
    } else {
        Err(Refusal::OutsideChina { lon, lat, swapped: in_china(lat, lon) })
    }
}

/// An object with `lon`, `lat`, `address`; or text `112.98,28.10` or `112.98,28.10 address`, as a spreadsheet has it, in degrees or in degrees, minutes
/// and seconds.
pub(super) fn position(json: &Json) -> Result<Position, Refusal> {
    let wrong = || Refusal::wrong_type("a point with “lon” and “lat”", json);
    if let Json::String(written) = json {
        return position_in_text(written.trim(), json);
    }
    let map = json.as_object().ok_or_else(wrong)?;
    let coordinate = |key: &str| match map.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Number(number)) => Ok(number.as_f64()),
        Some(Json::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Json::String(text)) => {
            let degrees = text.trim().parse::<f64>().ok().filter(|degrees| degrees.is_finite());
            degrees
                .map(Some)
                .ok_or_else(|| Refusal::NotACoordinate { found: super::refusal::shown(&Json::from(text.trim())) })
        }
        Some(other) => Err(Refusal::NotACoordinate { found: super::refusal::shown(other) }),
    };
    if map.keys().any(|key| !matches!(key.as_str(), "lon" | "lat" | "address" | "cell")) {
        return Err(wrong());
    }
    let address = match map.get("address") {
        Some(value) if !super::is_blank(value) => Some(text::line(value, 200)?),
        _ => None,
    };
    let point = match (coordinate("lon")?, coordinate("lat")?) {
        (Some(lon), Some(lat)) => Some(point(lon, lat)?),
        (None, None) => None,
        _ => return Err(Refusal::HalfAPoint),
    };
    if point.is_none() && address.is_none() {
        return Err(Refusal::Empty);
    }
    Ok(Position { point, address })
}

fn position_in_text(written: &str, json: &Json) -> Result<Position, Refusal> {
    match coordinates::read(written) {
        Some((lon, lat, address)) => Ok(Position {
            point: Some(point(lon, lat)?),
            address: (!address.is_empty()).then(|| text::line(&Json::from(address), 200)).transpose()?,
        }),
        // Coordinates that cannot be read are no address.
        None if coordinates::looks_like_them(written) => {
            Err(Refusal::wrong_type("coordinates like “112.98,28.10”, longitude first", json))
        }
        None => Ok(Position { point: None, address: Some(text::line(json, 200)?) }),
    }
}

/// A place, a line or an area of the external form as one cell of a sheet has it; nothing where reading that again would
/// give something else.
pub(crate) fn written(kind: &FieldKind, json: &Json) -> Option<String> {
    match kind {
        FieldKind::Place => {
            let place = position(json).ok()?;
            let text = match (place.point, &place.address) {
                (Some([lon, lat]), Some(address)) => format!("{lon},{lat} {address}"),
                (Some([lon, lat]), None) => format!("{lon},{lat}"),
                (None, address) => address.clone()?,
            };
            // What begins with a bracket is read as JSON.
            let is_kept = position(&Json::from(text.as_str())).is_ok_and(|again| again == place);
            (is_kept && !text.starts_with(['{', '['])).then_some(text)
        }
        FieldKind::Line => Some(format!("LINESTRING ({})", wkt::points(&line(json).ok()?))),
        FieldKind::Polygon => {
            let rings = polygon(json).ok()?;
            let rings: Vec<String> = rings.iter().map(|ring| format!("({})", wkt::points(ring))).collect();
            Some(format!("POLYGON ({})", rings.join(", ")))
        }
        _ => None,
    }
}

pub(super) fn line(json: &Json) -> Result<Vec<Point>, Refusal> {
    let wrong = || Refusal::wrong_type("a list of points [lon, lat]", json);
    let parsed;
    let json = match json {
        Json::String(text) => {
            parsed = wkt::line(text).or_else(|| serde_json::from_str(text).ok()).ok_or_else(wrong)?;
            &parsed
        }
        other => other,
    };
    let points = points(json, &wrong)?;
    if points.len() < 2 {
        return Err(Refusal::TooFewPoints { found: points.len(), least: 2 });
    }
    Ok(points)
}

pub(super) fn polygon(json: &Json) -> Result<Vec<Vec<Point>>, Refusal> {
    let wrong = || Refusal::wrong_type("a list of rings, each a list of points [lon, lat]", json);
    let parsed;
    let json = match json {
        Json::String(text) => {
            parsed = wkt::polygon(text).or_else(|| serde_json::from_str(text).ok()).ok_or_else(wrong)?;
            &parsed
        }
        other => other,
    };
    let rings = json.as_array().ok_or_else(wrong)?;
    if rings.len() > MOST_RINGS {
        return Err(Refusal::TooManyPoints { found: rings.len(), most: MOST_RINGS });
    }
    rings.iter().map(|ring| closed_ring(points(ring, &wrong)?)).collect()
}

fn closed_ring(mut ring: Vec<Point>) -> Result<Vec<Point>, Refusal> {
    if ring.first() != ring.last() {
        ring.extend(ring.first().copied());
    }
    if ring.len() < 4 {
        return Err(Refusal::TooFewPoints { found: ring.len().saturating_sub(1), least: 3 });
    }
    Ok(ring)
}

/// Points that a line or a ring may have; a boundary of a city has fewer.
const MOST_POINTS: usize = 20_000;

/// Rings that a polygon may have.
const MOST_RINGS: usize = 200;

fn points(json: &Json, wrong: &impl Fn() -> Refusal) -> Result<Vec<Point>, Refusal> {
    let items = json.as_array().ok_or_else(wrong)?;
    if items.len() > MOST_POINTS {
        return Err(Refusal::TooManyPoints { found: items.len(), most: MOST_POINTS });
    }
    items
        .iter()
        .map(|item| {
            let pair = item.as_array().filter(|pair| pair.len() >= 2).ok_or_else(wrong)?;
            let coordinate = |index: usize| pair[index].as_f64().ok_or_else(wrong);
            point(coordinate(0)?, coordinate(1)?)
        })
        .collect()
}
