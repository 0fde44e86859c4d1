//! Chance with a seed, and what can be drawn with it: points in grid cells, names, numbers, days.

use jiff::civil::{Date, DateTime, date};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::calendar::working_day;

const SURNAMES: &str = include_str!("../data/surnames.txt");
const GIVEN_NAMES: &str = include_str!("../data/given_names.txt");
const ROADS: &str = include_str!("../data/roads.tsv");
/// Characters of GB 32100, in order of their value.
const CODE_CHARACTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

type Ring = Vec<(f64, f64)>;

/// Why the grid could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CellsFault {
    /// Not JSON.
    #[error("the grid cells are not valid JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// No feature with a code and a polygon.
    #[error(
        "the grid cells hold no polygon with a code; expected a GeoJSON FeatureCollection of streets, communities and cells"
    )]
    NoCells,
}

/// A unit of the grid: street, community or cell.
#[derive(Debug, Clone)]
struct Unit {
    code: String,
    name: String,
    level: String,
    polygons: Vec<Vec<Ring>>,
}

/// Seeded chance over the grid of a district.
#[derive(Debug)]
pub struct Kit {
    /// The source of all chance.
    pub rng: ChaCha8Rng,
    units: Vec<Unit>,
}

impl Kit {
    /// A kit over the grid given as GeoJSON text.
    ///
    /// # Errors
    /// [`CellsFault`] if the text is not JSON or holds no polygon with a code.
    pub fn new(seed: u64, cells_geojson: &str) -> Result<Self, CellsFault> {
        let collection: Value = serde_json::from_str(cells_geojson)?;
        let features = collection["features"].as_array().map_or(&[][..], Vec::as_slice);
        let units: Vec<Unit> = features.iter().filter_map(unit).collect();
        if units.is_empty() {
            return Err(CellsFault::NoCells);
        }
        Ok(Self { rng: ChaCha8Rng::seed_from_u64(seed), units })
    }

    /// Code, name and level of every unit of the grid.
    #[must_use]
    pub fn grid_units(&self) -> Vec<(String, String, String)> {
        self.units.iter().map(|unit| (unit.code.clone(), unit.name.clone(), unit.level.clone())).collect()
    }

    /// A point inside the unit with this code, or inside any unit below it.
    ///
    /// A code that the grid does not know gives a point of the whole district.
    pub fn point_in(&mut self, code: &str) -> (f64, f64) {
        let exact = self.units.iter().position(|unit| unit.code == code);
        let below: Vec<usize> = match exact {
            Some(at) => vec![at],
            None => (0..self.units.len()).filter(|at| self.units[*at].code.starts_with(code)).collect(),
        };
        let at = match below.as_slice() {
            [] => self.rng.random_range(0..self.units.len()),
            known => known[self.rng.random_range(0..known.len())],
        };
        let Self { rng, units } = self;
        let polygons = &units[at].polygons;
        let outline = polygons.iter().filter_map(|rings| rings.first()).flatten();
        let (mut west, mut south, mut east, mut north) = (f64::MAX, f64::MAX, f64::MIN, f64::MIN);
        for (lon, lat) in outline {
            (west, south, east, north) = (west.min(*lon), south.min(*lat), east.max(*lon), north.max(*lat));
        }
        let mut point = polygons[0][0][0];
        for _ in 0..2_000 {
            let candidate = (rng.random_range(west..=east), rng.random_range(south..=north));
            let candidate = (micro(candidate.0), micro(candidate.1));
            if polygons.iter().any(|rings| inside(candidate, rings)) {
                return candidate;
            }
            point = candidate;
        }
        point
    }

    /// Code of a street, drawn so that the dense old town is drawn as often as the wide south.
    pub fn street(&mut self) -> String {
        let roads: Vec<&str> = ROADS.lines().collect();
        let line = roads[self.rng.random_range(0..roads.len())];
        line.split('\t').next().unwrap_or("430103").to_owned()
    }

    /// An address on a road of the street with this code.
    pub fn street_address(&mut self, street: &str) -> String {
        let row = ROADS.lines().find(|line| line.starts_with(street)).or_else(|| ROADS.lines().next());
        let mut parts = row.unwrap_or("430103\t天心区\t芙蓉南路").split('\t').skip(1);
        let name = parts.next().unwrap_or("天心区");
        let roads: Vec<&str> = parts.collect();
        let road = *self.pick(&roads);
        format!("天心区{name}街道{road}{}号", self.rng.random_range(1..420))
    }

    /// A place in a street in the external form.
    pub fn place(&mut self, street: &str) -> Value {
        let (lon, lat) = self.point_in(street);
        let address = self.street_address(street);
        json!({ "lon": lon, "lat": lat, "address": address })
    }

    /// A fictitious name of a person.
    pub fn person(&mut self) -> String {
        let surname = self.line(SURNAMES);
        let given = self.line(GIVEN_NAMES);
        format!("{surname}{given}")
    }

    /// A mobile number of the usual form in the range 154, which no operator has been given: it is nobody's.
    pub fn phone(&mut self) -> String {
        format!("154{:08}", self.rng.random_range(0..100_000_000))
    }

    /// A unified social credit code with both check digits right (GB 11714, GB 32100).
    pub fn credit_code(&mut self) -> String {
        let mut organisation = String::from("MA4");
        for _ in 0..5 {
            organisation.push(char::from(CODE_CHARACTERS[self.rng.random_range(0..CODE_CHARACTERS.len())]));
        }
        organisation.push(organisation_check(&organisation));
        let mut code = format!("91430103{organisation}");
        code.push(credit_check(&code));
        code
    }

    /// A moment within office hours of that day.
    pub fn working_time(&mut self, day: Date) -> DateTime {
        let minutes = if self.chance(0.55) {
            self.between(8 * 60 + 35, 11 * 60 + 55)
        } else {
            self.between(13 * 60 + 35, 17 * 60 + 25)
        };
        moment(day, minutes)
    }

    /// A moment of that day within the hours `from..to`.
    pub fn time_between(&mut self, day: Date, from: i64, to: i64) -> DateTime {
        let minutes = self.between(from * 60, to * 60 - 1);
        moment(day, minutes)
    }

    /// One of a list that is not empty.
    pub fn pick<'list, T>(&mut self, list: &'list [T]) -> &'list T {
        &list[self.rng.random_range(0..list.len())]
    }

    /// One of the lines of a text.
    pub fn line<'text>(&mut self, text: &'text str) -> &'text str {
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        lines[self.rng.random_range(0..lines.len())]
    }

    /// A whole number of `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        self.rng.random_range(low..=high)
    }

    /// A number between `low` and `high` with `digits` decimals.
    pub fn decimal(&mut self, low: f64, high: f64, digits: i32) -> f64 {
        let scale = 10_f64.powi(digits);
        (self.rng.random_range(low..high) * scale).round() / scale
    }

    /// True in `share` of all cases.
    pub fn chance(&mut self, share: f64) -> bool {
        self.rng.random_bool(share)
    }

    /// An index below `count`, which is at least 1.
    pub fn rng_index(&mut self, count: usize) -> usize {
        self.rng.random_range(0..count)
    }

    /// Put a list into a random order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            let other = self.rng.random_range(0..=at);
            list.swap(at, other);
        }
    }

    /// `count` days of a year, sorted, with the given weight for each month.
    pub fn spread_dates(&mut self, count: usize, year: i16, weights: &[u32; 12]) -> Vec<Date> {
        let total: u32 = weights.iter().sum();
        let mut days: Vec<Date> = (0..count)
            .map(|_| {
                let mut ticket = self.rng.random_range(0..total.max(1));
                let mut month = 1_i8;
                for weight in weights {
                    if ticket < *weight {
                        break;
                    }
                    ticket -= weight;
                    month += 1;
                }
                let first = date(year, month.min(12), 1);
                let day = self.rng.random_range(1..=first.days_in_month());
                date(year, month.min(12), day)
            })
            .collect();
        days.sort_unstable();
        days
    }

    /// As [`Self::spread_dates`], but only working days of that year.
    pub fn spread_working_dates(&mut self, count: usize, year: i16, weights: &[u32; 12]) -> Vec<Date> {
        let last = working_day(date(year, 12, 28));
        let days = self.spread_dates(count, year, weights);
        days.into_iter().map(working_day).map(|day| if day.year() > year { last } else { day }).collect()
    }
}

/// `minutes` after midnight of a day.
fn moment(day: Date, minutes: i64) -> DateTime {
    day.at(0, 0, 0, 0).saturating_add(jiff::Span::new().minutes(minutes))
}

/// A coordinate with six decimals.
fn micro(degrees: f64) -> f64 {
    (degrees * 1e6).round() / 1e6
}

fn unit(feature: &Value) -> Option<Unit> {
    let text = |name: &str| feature["properties"][name].as_str().map(str::to_owned);
    let geometry = &feature["geometry"];
    let polygons: Vec<Vec<Ring>> = match geometry["type"].as_str()? {
        "Polygon" => vec![rings(&geometry["coordinates"])],
        "MultiPolygon" => geometry["coordinates"].as_array()?.iter().map(rings).collect(),
        _ => return None,
    };
    let polygons: Vec<Vec<Ring>> =
        polygons.into_iter().filter(|rings| rings.first().is_some_and(|ring| ring.len() > 2)).collect();
    if polygons.is_empty() {
        return None;
    }
    Some(Unit {
        code: text("code")?,
        name: text("name").unwrap_or_default(),
        level: text("level").unwrap_or_default(),
        polygons,
    })
}

fn rings(polygon: &Value) -> Vec<Ring> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    list(polygon)
        .iter()
        .map(|ring| list(ring).iter().filter_map(|point| Some((point[0].as_f64()?, point[1].as_f64()?))).collect())
        .collect()
}

/// Even-odd rule over the outline and its holes.
fn inside((x, y): (f64, f64), rings: &[Ring]) -> bool {
    let mut within = false;
    for ring in rings {
        for (at, (x1, y1)) in ring.iter().enumerate() {
            let (x2, y2) = ring[(at + 1) % ring.len()];
            if (*y1 > y) != (y2 > y) && x < (x2 - x1) * (y - y1) / (y2 - y1) + x1 {
                within = !within;
            }
        }
    }
    within
}

/// Check character of an organisation code.
fn organisation_check(body: &str) -> char {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.chars().zip(WEIGHTS).map(|(digit, weight)| digit.to_digit(36).unwrap_or(0) * weight).sum();
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).unwrap_or('0'),
    }
}

/// Check character of a unified social credit code.
fn credit_check(body: &str) -> char {
    let mut weight = 1_usize;
    let mut sum = 0_usize;
    for character in body.bytes() {
        sum += CODE_CHARACTERS.iter().position(|known| *known == character).unwrap_or(0) * weight;
        weight = weight * 3 % 31;
    }
    char::from(CODE_CHARACTERS[(31 - sum % 31) % 31])
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"430103002","name":"坡子街街道","level":"street"},"geometry":{"type":"Polygon","coordinates":[[[112.9,28.1],[113.0,28.1],[113.0,28.2],[112.9,28.2],[112.9,28.1]]]}}]}"#;

    #[test]
    fn a_published_credit_code_has_the_check_character_that_is_computed() {
        // Codes printed in GB 32100-2015 and widely used as examples.
        assert_eq!(credit_check("91350100M000100Y4"), '3');
        assert_eq!(organisation_check("M000100Y"), '4');
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        let draw = || {
            let mut kit = Kit::new(7, SQUARE).expect("a square");
            (
                kit.person(),
                kit.phone(),
                kit.credit_code(),
                kit.point_in("430103002"),
                kit.spread_dates(9, 2020, &[1; 12]),
            )
        };
        assert_eq!(draw(), draw());
    }

    #[test]
    fn points_lie_inside_the_cell() {
        let mut kit = Kit::new(7, SQUARE).expect("a square");
        for _ in 0..200 {
            let (lon, lat) = kit.point_in("430103002");
            assert!((112.9..=113.0).contains(&lon) && (28.1..=28.2).contains(&lat), "{lon} {lat}");
        }
    }

    #[test]
    fn text_that_is_no_grid_is_refused() {
        assert!(matches!(Kit::new(1, "{"), Err(CellsFault::NotJson(_))));
        assert!(matches!(Kit::new(1, "{}"), Err(CellsFault::NoCells)));
    }
}
