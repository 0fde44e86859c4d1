//! Outlines of the rivers for the map of the sample district, WGS-84, from source to mouth.
//!
//! Drawn by hand from the lie of the land: good enough to see which bank a station stands on, no survey.

use serde_json::{Value, json};

const XIANGJIANG: &[(f64, f64)] = &[
    (112.9610, 27.9820),
    (112.9540, 28.0010),
    (112.9500, 28.0240),
    (112.9520, 28.0470),
    (112.9560, 28.0690),
    (112.9600, 28.0900),
    (112.9620, 28.1120),
    (112.9650, 28.1340),
    (112.9670, 28.1560),
    (112.9680, 28.1760),
    (112.9690, 28.1950),
];
const XINKAIPU: &[(f64, f64)] =
    &[(112.9900, 28.1260), (112.9830, 28.1275), (112.9760, 28.1290), (112.9690, 28.1300), (112.9645, 28.1305)];
const HEISHIPU: &[(f64, f64)] = &[
    (113.0050, 28.0900),
    (112.9960, 28.0930),
    (112.9860, 28.0950),
    (112.9760, 28.0970),
    (112.9680, 28.0980),
    (112.9615, 28.0985),
];
const DATUO: &[(f64, f64)] = &[
    (113.0080, 28.0560),
    (112.9980, 28.0580),
    (112.9870, 28.0600),
    (112.9760, 28.0610),
    (112.9660, 28.0620),
    (112.9550, 28.0625),
];
const MUYUN: &[(f64, f64)] = &[
    (113.0150, 28.0080),
    (113.0040, 28.0030),
    (112.9930, 27.9990),
    (112.9820, 27.9960),
    (112.9700, 27.9930),
    (112.9575, 27.9915),
];

fn points(code: &str) -> &'static [(f64, f64)] {
    match code {
        "xiangjiang" => XIANGJIANG,
        "xinkaipu" => XINKAIPU,
        "heishipu" => HEISHIPU,
        "datuo" => DATUO,
        "muyun" => MUYUN,
        _ => &[],
    }
}

/// How far a point lies from a river, in degrees of latitude; good enough to tell nearer from farther.
pub(super) fn distance(code: &str, (lon, lat): (f64, f64)) -> f64 {
    let narrow = lat.to_radians().cos();
    points(code)
        .windows(2)
        .map(|ends| {
            let (ax, ay) = ((ends[0].0 - lon) * narrow, ends[0].1 - lat);
            let (bx, by) = ((ends[1].0 - lon) * narrow, ends[1].1 - lat);
            let (dx, dy) = (bx - ax, by - ay);
            let length = dx * dx + dy * dy;
            let along = if length > 0.0 { (-(ax * dx + ay * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
            (ax + along * dx).hypot(ay + along * dy)
        })
        .fold(f64::INFINITY, f64::min)
}

/// Course of a river by its code, as a line in the external form; null for a river not drawn.
pub(super) fn course(code: &str) -> Value {
    let points = points(code);
    if points.is_empty() {
        return Value::Null;
    }
    points.iter().map(|(lon, lat)| json!([lon, lat])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_on_the_course_is_nearer_than_one_beside_it() {
        let on = distance("muyun", (112.9930, 27.9990));
        let beside = distance("muyun", (112.9930, 28.0090));
        assert!(on < 1e-9 && (0.008..0.010).contains(&beside), "{on} {beside}");
        assert!(distance("nowhere", (112.9, 28.0)).is_infinite());
    }
}
