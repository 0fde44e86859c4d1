//! Sections on a drawing of the district's rivers: the colour of their class, and an arrow where it changed. Drawn on the server, so it prints and needs no script.

use bilan_records::catalogue::{Catalogue, CellLevel};

use crate::live::ground;
use crate::shell::Language;

/// The drawing is this large at most; the district's shape says which of them holds.
const LARGEST: [f64; 2] = [640.0, 600.0];
/// Room around the district.
const MARGIN: f64 = 36.0;
/// Room for the name of a section beside the district.
const NAME: f64 = 150.0;

/// A section to be drawn.
pub(super) struct Mark {
    pub(super) number: String,
    pub(super) name: String,
    pub(super) at: [f64; 2],
    /// Class of its newest month: short name and look.
    pub(super) class: Option<(String, String)>,
    /// Where its newest month opens.
    pub(super) month: String,
    /// Whether it changed since the month before: its words, and whether it grew worse.
    pub(super) change: Option<(String, bool)>,
}

/// A section in the drawing.
pub(super) struct Drawn {
    pub(super) mark: Mark,
    pub(super) x: String,
    pub(super) y: String,
    /// Its name stands to the left.
    pub(super) left: bool,
}

/// A line of the drawing: points as SVG has them.
type Line = String;

/// The drawing.
pub(super) struct Chart {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) outline: Vec<Line>,
    pub(super) rivers: Vec<(String, Line)>,
    pub(super) drawn: Vec<Drawn>,
    /// The inner lines are made up.
    pub(super) illustrative: bool,
}

/// From degrees to the drawing: flat, which over one district is right to a pixel.
struct Projection {
    west: f64,
    north: f64,
    /// Pixels of a degree of longitude and of latitude.
    scale: [f64; 2],
    size: [f64; 2],
}

impl Projection {
    fn of([west, south, east, north]: [f64; 4]) -> Self {
        let flat = ((south + north) / 2.0).to_radians().cos();
        let (wide, high) = ((east - west).max(1e-6), (north - south).max(1e-6));
        let room = LARGEST.map(|largest| largest - 2.0 * MARGIN);
        let down = (room[0] / (wide * flat)).min(room[1] / high);
        let across = down * flat;
        Self { west, north, scale: [across, down], size: [wide * across + 2.0 * MARGIN, high * down + 2.0 * MARGIN] }
    }

    fn point(&self, [lon, lat]: [f64; 2]) -> (f64, f64) {
        (MARGIN + (lon - self.west) * self.scale[0], MARGIN + (self.north - lat) * self.scale[1])
    }

    fn line(&self, points: &[[f64; 2]]) -> Line {
        let text = |point: &[f64; 2]| {
            let (x, y) = self.point(*point);
            format!("{x:.1},{y:.1}")
        };
        points.iter().map(text).collect::<Vec<_>>().join(" ")
    }
}

/// Draws sections; nothing where no section has a place.
pub(super) fn draw(catalogue: &Catalogue, marks: Vec<Mark>, language: Language) -> Option<Chart> {
    if marks.is_empty() {
        return None;
    }
    let district = &catalogue.district;
    let projection = Projection::of(ground::bounds(catalogue));
    let whole = district.cells.values().find(|cell| cell.level == CellLevel::District);
    let rings = whole.iter().flat_map(|cell| &cell.polygons).flatten();
    let of_river = |river: &bilan_records::catalogue::RiverLine| {
        let name = river.name.text(language).to_owned();
        river.lines.iter().map(|line| (name.clone(), projection.line(line))).collect::<Vec<_>>()
    };
    let places: Vec<(f64, f64)> = marks.iter().map(|mark| projection.point(mark.at)).collect();
    let drawn = marks.into_iter().zip(&places).map(|(mark, (x, y))| {
        // A name goes to the left where another section would stand in it.
        let in_the_way =
            |(other_x, other_y): &(f64, f64)| (other_y - y).abs() < 26.0 && (1.0..NAME).contains(&(other_x - x));
        Drawn { mark, x: format!("{x:.1}"), y: format!("{y:.1}"), left: places.iter().any(in_the_way) }
    });
    Some(Chart {
        width: (projection.size[0] + NAME) as u32,
        height: projection.size[1] as u32,
        outline: rings.map(|ring| projection.line(ring)).collect(),
        rivers: district.rivers.iter().flat_map(of_river).collect(),
        drawn: drawn.collect(),
        illustrative: district.simulated_inner_lines,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn north_is_up_and_distances_are_alike() {
        let projection = Projection::of([112.9, 28.0, 113.0, 28.2]);
        let ((left, top), (right, bottom)) = (projection.point([112.9, 28.2]), projection.point([113.0, 28.0]));
        assert!((left - MARGIN).abs() < 1e-9 && (top - MARGIN).abs() < 1e-9 && right > left && bottom > top);
        // A degree of longitude is shorter than one of latitude by the cosine of the latitude.
        let ratio = (right - left) / 0.1 / ((bottom - top) / 0.2);
        assert!((ratio - 28.1_f64.to_radians().cos()).abs() < 1e-9, "{ratio}");
        assert_eq!(projection.line(&[[112.9, 28.2]]), "36.0,36.0");
        assert!(
            projection.size[0] <= LARGEST[0] && (projection.size[1] - LARGEST[1]).abs() < 1e-6,
            "{:?}",
            projection.size
        );
    }
}
