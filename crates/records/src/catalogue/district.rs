//! A district (区县): its grid of cells with their polygons, and its rivers.

use bilan_standards::air::Exclusions;
use bilan_standards::noise::NightHours;
use indexmap::IndexMap;

use crate::{catalogue::Label, value::Point};

/// A district as its folder describes it.
#[derive(Debug, Clone)]
pub struct District {
    /// Name of the folder (`tianxin`).
    pub key: String,
    /// Name of the district.
    pub name: Label,
    /// Name of the bureau that answers for it.
    pub bureau: Label,
    /// Telephone that residents may call, as people write it.
    pub telephone: Option<String>,
    /// Administrative division code, six digits.
    pub adcode: String,
    /// Where a map opens.
    pub centre: Point,
    /// Where the lines come from.
    pub provenance: String,
    /// The lines inside the district are made up, only the outer boundary is real.
    pub simulated_inner_lines: bool,
    /// When night is, for noise (Code article 572: a city may move its eight hours).
    pub night: NightHours,
    /// Days on which items of the air are left out of evaluation.
    pub air_exclusions: Exclusions,
    /// What allows the bureau to publish measured environmental quality; nothing of it is published without.
    pub public_monitoring: Option<PublicMonitoring>,
    /// Cells of every level by code, parents before children.
    pub cells: IndexMap<String, GridCell>,
    /// Rivers in the order of the file.
    pub rivers: Vec<RiverLine>,
}

/// The decision by which a bureau publishes monitoring information on environmental quality (环境质量监测信息), and whose data they are.
///
/// Ministry and provincial departments publish it; nobody may do so unlawfully (生态环境监测条例 article 15, State Council order 820, since 2026-01-01).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicMonitoring {
    /// The decision or authorisation on which the publication rests, as the page prints it.
    pub decision: Label,
    /// Whose data they are.
    pub source: Label,
}

/// Level of a cell in the grid (网格).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CellLevel {
    /// 区.
    District,
    /// 街道.
    Street,
    /// 社区.
    Community,
    /// 网格.
    Cell,
}

/// A cell of the grid.
#[derive(Debug, Clone)]
pub struct GridCell {
    /// Code; the code of a child begins with that of its parent.
    pub code: String,
    /// Name.
    pub name: Label,
    /// Level.
    pub level: CellLevel,
    /// Code of the cell above.
    pub parent: Option<String>,
    /// Polygons: rings of which the first is the outside and the others are holes.
    pub polygons: Vec<Vec<Vec<Point>>>,
    bounds: [f64; 4],
}

/// A river as a line on the map.
#[derive(Debug, Clone)]
pub struct RiverLine {
    /// Code.
    pub code: String,
    /// Name.
    pub name: Label,
    /// Its lines.
    pub lines: Vec<Vec<Point>>,
}

impl GridCell {
    /// A cell with its bounding box worked out.
    #[must_use]
    pub fn new(
        code: String,
        name: Label,
        level: CellLevel,
        parent: Option<String>,
        polygons: Vec<Vec<Vec<Point>>>,
    ) -> Self {
        let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for [lon, lat] in polygons.iter().flatten().flatten() {
            bounds = [bounds[0].min(*lon), bounds[1].min(*lat), bounds[2].max(*lon), bounds[3].max(*lat)];
        }
        Self { code, name, level, parent, polygons, bounds }
    }

    /// West, south, east, north of everything in the cell.
    #[must_use]
    pub fn bounds(&self) -> [f64; 4] {
        self.bounds
    }

    /// Whether a point lies in the cell.
    #[must_use]
    pub fn contains(&self, lon: f64, lat: f64) -> bool {
        let [west, south, east, north] = self.bounds;
        if lon < west || lon > east || lat < south || lat > north {
            return false;
        }
        self.polygons.iter().any(|rings| {
            // Even-odd over all rings: inside the outer ring and in no hole.
            rings.iter().filter(|ring| ring_contains(ring, lon, lat)).count() % 2 == 1
        })
    }
}

impl GridCell {
    /// Whether a point lies within [`BORDER_M`] of the border.
    fn is_near(&self, lon: f64, lat: f64) -> bool {
        let [west, south, east, north] = self.bounds;
        let (metres_lat, metres_lon) = (111_195.0, 111_195.0 * lat.to_radians().cos());
        let (margin_lat, margin_lon) = (BORDER_M / metres_lat, BORDER_M / metres_lon.max(1.0));
        if lon < west - margin_lon || lon > east + margin_lon || lat < south - margin_lat || lat > north + margin_lat {
            return false;
        }
        let flat = |[x, y]: Point| ((x - lon) * metres_lon, (y - lat) * metres_lat);
        self.polygons
            .iter()
            .flatten()
            .any(|ring| ring.windows(2).any(|edge| distance_from_origin(flat(edge[0]), flat(edge[1])) <= BORDER_M))
    }
}

/// How far outside a district a place may lie and still belong to it, in metres.
const BORDER_M: f64 = 1000.0;

/// Distance of a segment from the origin.
fn distance_from_origin((x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> f64 {
    let (dx, dy) = (x2 - x1, y2 - y1);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 { (-(x1 * dx + y1 * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    (x1 + along * dx).hypot(y1 + along * dy)
}

/// Crossing test: a ray to the east crosses the ring an odd number of times.
fn ring_contains(ring: &[Point], lon: f64, lat: f64) -> bool {
    let mut inside = false;
    let mut before = match ring.last() {
        Some(point) => *point,
        None => return false,
    };
    for &point in ring {
        let ([x1, y1], [x2, y2]) = (before, point);
        if (y1 > lat) != (y2 > lat) && lon < (x2 - x1) * (lat - y1) / (y2 - y1) + x1 {
            inside = !inside;
        }
        before = point;
    }
    inside
}

impl District {
    /// The deepest cell in which a point lies.
    ///
    /// Every cell has a bounding box, so that only a handful of polygons is looked at closely.
    #[must_use]
    pub fn cell_at(&self, lon: f64, lat: f64) -> Option<&GridCell> {
        self.cells.values().filter(|cell| cell.contains(lon, lat)).max_by_key(|cell| cell.level)
    }

    /// Whether a point lies in the district or so near its border that a drawn line or a street along it may be meant.
    ///
    /// A district without cells holds every point.
    #[must_use]
    pub fn holds(&self, lon: f64, lat: f64) -> bool {
        self.cells.is_empty()
            || self.cell_at(lon, lat).is_some()
            || self.cells.values().any(|cell| cell.is_near(lon, lat))
    }

    /// The cells directly below a cell.
    pub fn children<'d>(&'d self, code: &'d str) -> impl Iterator<Item = &'d GridCell> {
        self.cells.values().filter(move |cell| cell.parent.as_deref() == Some(code))
    }

    /// A cell and those above it, from the top.
    #[must_use]
    pub fn path(&self, code: &str) -> Vec<&GridCell> {
        let mut path = Vec::new();
        let mut next = self.cells.get(code);
        while let Some(cell) = next.filter(|_| path.len() < 8) {
            path.push(cell);
            next = cell.parent.as_deref().and_then(|parent| self.cells.get(parent));
        }
        path.reverse();
        path
    }
}

impl Default for District {
    /// A district without cells, for tools and tests that need none.
    fn default() -> Self {
        let nowhere = || Label { zh: String::new(), en: String::new() };
        Self {
            key: String::new(),
            name: nowhere(),
            bureau: nowhere(),
            telephone: None,
            adcode: String::new(),
            centre: [112.98, 28.11],
            provenance: String::new(),
            simulated_inner_lines: false,
            night: NightHours::default(),
            air_exclusions: Exclusions::default(),
            public_monitoring: None,
            cells: IndexMap::new(),
            rivers: Vec::new(),
        }
    }
}
