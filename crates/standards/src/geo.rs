//! Places: from the map portals' offset coordinates to WGS-84, and which polygon a point falls into.
//!
//! Coordinates are longitude, latitude in degrees, in that order, as in GeoJSON.

/// Longitude and latitude, degrees.
pub type Point = [f64; 2];
/// A polygon: rings of which the first is the outside and the others are holes; a ring may or may not repeat its start.
pub type Polygon = Vec<Vec<Point>>;
/// Several polygons that make one area.
pub type MultiPolygon = Vec<Polygon>;

const SEMI_MAJOR: f64 = 6_378_245.0;
const ECCENTRICITY_SQUARED: f64 = 0.006_693_421_622_965_943;
/// Mean radius of the earth, metres.
const EARTH: f64 = 6_371_008.8;

/// The offset coordinates (GCJ-02) that portals show for a point; points outside China are not offset.
#[must_use]
pub fn wgs84_to_gcj02([lon, lat]: Point) -> Point {
    use std::f64::consts::PI;
    if !(72.004..=137.8347).contains(&lon) || !(0.8293..=55.8271).contains(&lat) {
        return [lon, lat];
    }
    let (x, y) = (lon - 105.0, lat - 35.0);
    let wave = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + wave
        + (20.0 * (y * PI).sin() + 40.0 * (y / 3.0 * PI).sin()) * 2.0 / 3.0
        + (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0;
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + wave
        + (20.0 * (x * PI).sin() + 40.0 * (x / 3.0 * PI).sin()) * 2.0 / 3.0
        + (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0;
    let root = 1.0 - ECCENTRICITY_SQUARED * lat.to_radians().sin().powi(2);
    let d_lat = (north / (SEMI_MAJOR * (1.0 - ECCENTRICITY_SQUARED) / (root * root.sqrt()))).to_degrees();
    let d_lon = (east / (SEMI_MAJOR / root.sqrt() * lat.to_radians().cos())).to_degrees();
    [lon + d_lon, lat + d_lat]
}

/// The point whose offset coordinates are the given ones, by iteration: right to less than a millimetre.
#[must_use]
pub fn gcj02_to_wgs84(shown: Point) -> Point {
    let mut point = shown;
    for _ in 0..10 {
        let [lon, lat] = wgs84_to_gcj02(point);
        point = [point[0] - (lon - shown[0]), point[1] - (lat - shown[1])];
    }
    point
}

/// Whether a point lies in an area: inside the outer ring and in no hole of any of its polygons.
#[must_use]
pub fn point_in_polygon(area: &[Polygon], point: Point) -> bool {
    area.iter().any(|rings| match rings.split_first() {
        Some((outside, holes)) => in_ring(outside, point) && !holes.iter().any(|hole| in_ring(hole, point)),
        None => false,
    })
}

/// Crossing test: a ray to the east crosses the ring an odd number of times. South and west edges belong to the ring.
fn in_ring(ring: &[Point], [lon, lat]: Point) -> bool {
    let Some(mut before) = ring.last().copied() else { return false };
    let mut inside = false;
    for &point in ring {
        let ([x1, y1], [x2, y2]) = (before, point);
        if (y1 > lat) != (y2 > lat) && lon < (x2 - x1) * (lat - y1) / (y2 - y1) + x1 {
            inside = !inside;
        }
        before = point;
    }
    inside
}

/// Twice the signed area of a ring in square degrees, and its moments about `origin`.
fn moments(ring: &[Point], origin: Point) -> (f64, f64, f64) {
    let Some(mut before) = ring.last().copied() else { return (0.0, 0.0, 0.0) };
    let (mut twice, mut east, mut north) = (0.0, 0.0, 0.0);
    for &point in ring {
        let (x1, y1) = (before[0] - origin[0], before[1] - origin[1]);
        let (x2, y2) = (point[0] - origin[0], point[1] - origin[1]);
        let cross = x1 * y2 - x2 * y1;
        twice += cross;
        east += (x1 + x2) * cross;
        north += (y1 + y2) * cross;
        before = point;
    }
    (twice, east, north)
}

fn area_moments(area: &[Polygon]) -> Option<(Point, f64, f64, f64)> {
    let origin = *area.first()?.first()?.first()?;
    let (mut twice, mut east, mut north) = (0.0, 0.0, 0.0);
    for rings in area {
        for (index, ring) in rings.iter().enumerate() {
            let (t, e, n) = moments(ring, origin);
            // Holes count against the outside, whichever way round they are drawn.
            let sign = if (t >= 0.0) == (index == 0) { 1.0 } else { -1.0 };
            (twice, east, north) = (twice + sign * t, east + sign * e, north + sign * n);
        }
    }
    Some((origin, twice, east, north))
}

/// Centre of gravity of an area; absent for an area without extent.
#[must_use]
pub fn centroid(area: &[Polygon]) -> Option<Point> {
    let (origin, twice, east, north) = area_moments(area)?;
    (twice != 0.0).then(|| [origin[0] + east / (3.0 * twice), origin[1] + north / (3.0 * twice)])
}

/// Size of an area in square metres, on a sphere, good to about half a per cent for a district.
#[must_use]
pub fn area_m2(area: &[Polygon]) -> f64 {
    let (Some((_, twice, _, _)), Some([_, lat])) = (area_moments(area), centroid(area)) else { return 0.0 };
    let degree = EARTH.to_radians();
    (twice / 2.0).abs() * degree * degree * lat.to_radians().cos()
}

/// Distance of two points in metres along the great circle.
#[must_use]
pub fn distance_m(from: Point, to: Point) -> f64 {
    let (lat1, lat2) = (from[1].to_radians(), to[1].to_radians());
    let half = ((lat2 - lat1) / 2.0).sin().powi(2)
        + lat1.cos() * lat2.cos() * ((to[0] - from[0]).to_radians() / 2.0).sin().powi(2);
    2.0 * EARTH * half.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn square(west: f64, south: f64, size: f64) -> Vec<Point> {
        vec![[west, south], [west + size, south], [west + size, south + size], [west, south + size], [west, south]]
    }

    #[test]
    fn a_hole_is_outside_and_an_island_in_another_polygon_is_inside() {
        let area = vec![vec![square(0.0, 0.0, 10.0), square(4.0, 4.0, 2.0)], vec![square(20.0, 0.0, 1.0)]];
        for (point, inside) in [([1.0, 1.0], true), ([5.0, 5.0], false), ([20.5, 0.5], true), ([15.0, 0.5], false)] {
            assert_eq!(point_in_polygon(&area, point), inside, "{point:?}");
        }
    }

    #[test]
    fn neighbours_share_no_point_of_their_common_edge() {
        let (west, east) = (vec![vec![square(0.0, 0.0, 1.0)]], vec![vec![square(1.0, 0.0, 1.0)]]);
        let on_the_edge = [1.0, 0.5];
        assert_ne!(point_in_polygon(&west, on_the_edge), point_in_polygon(&east, on_the_edge));
    }

    #[test]
    fn the_centroid_of_a_square_with_a_hole_moves_away_from_the_hole() {
        let whole = vec![vec![square(0.0, 0.0, 2.0)]];
        assert_eq!(centroid(&whole), Some([1.0, 1.0]));
        let mut hole = square(1.0, 1.0, 1.0);
        hole.reverse();
        for hole in [hole, square(1.0, 1.0, 1.0)] {
            let [lon, lat] = centroid(&[vec![square(0.0, 0.0, 2.0), hole]]).unwrap();
            assert!((lon - 5.0 / 6.0).abs() < 1e-12 && (lat - 5.0 / 6.0).abs() < 1e-12);
        }
        assert_eq!(centroid(&[]), None);
    }

    #[test]
    fn the_district_is_half_a_kilometre_off_in_portal_coordinates() {
        let shown = [112.98, 28.11];
        let point = gcj02_to_wgs84(shown);
        let off = distance_m(shown, point);
        assert!((400.0..800.0).contains(&off), "{off}");
        let degree = vec![vec![square(112.0, 28.0, 0.1)]];
        let area = area_m2(&degree);
        assert!((area / 1e6 - 109.0).abs() < 1.0, "{area}");
    }

    proptest! {
        #[test]
        fn conversion_and_back_is_the_same_point(lon in 75.0f64..135.0, lat in 18.0f64..53.0) {
            let [back_lon, back_lat] = gcj02_to_wgs84(wgs84_to_gcj02([lon, lat]));
            prop_assert!((back_lon - lon).abs() < 1e-9 && (back_lat - lat).abs() < 1e-9);
        }
    }
}
