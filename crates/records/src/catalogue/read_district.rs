//! From `districts/KEY/` to a [`District`]: what it is called, its grid and its rivers.

use bilan_standards::air::Exclusions;
use bilan_standards::noise::NightHours;
use indexmap::IndexMap;
use serde::Deserialize;

use super::{
    CellLevel, District, GridCell, Label, PublicMonitoring, RiverLine,
    reader::{Faults, TableReader, parse},
};
use crate::value::Point;

/// Reads `district.toml`.
pub(super) fn read(faults: &Faults<'_>) -> Option<District> {
    let table = parse(faults.source, faults);
    let file = TableReader::new(table.get_ref(), 0..0, "a district", faults);
    let key = file.needed_text("key", &format!("\"{}\"", faults.source.folder()));
    let adcode = file.needed_text("adcode", "\"430103\"");
    let telephone = file.text("telephone");
    let provenance = file.needed_text("provenance", "\"where the lines come from\"");
    let name = file.needed_label("name");
    let bureau = file.needed_label("bureau");
    let centre = file.numbers("centre");
    let simulated_inner_lines = file.flag("simulated_inner_lines");
    let centre = match centre {
        Some(list) if list.value.len() == 2 => [list.value[0], list.value[1]],
        Some(list) => {
            faults.add(
                &list.span,
                "“centre” is a longitude and a latitude",
                "write centre = [112.98, 28.11]".to_owned(),
            );
            return None;
        }
        None => {
            file.missing("centre", "[112.98, 28.11]");
            return None;
        }
    };
    let night = file.integer_between("night_begins", 0, 23).and_then(|hour| i8::try_from(hour).ok());
    let night = night.and_then(NightHours::beginning_at).unwrap_or_default();
    let public_monitoring = file.table("public_monitoring").map(|table| {
        let (decision, source) = (table.needed_label("decision"), table.needed_label("source"));
        table.finish();
        PublicMonitoring { decision, source }
    });
    file.other_texts();
    Some(District {
        key: key?.value,
        name,
        bureau,
        telephone: telephone.map(|text| text.value),
        adcode: adcode?.value,
        centre,
        provenance: provenance?.value,
        simulated_inner_lines,
        night,
        air_exclusions: Exclusions::default(),
        public_monitoring,
        cells: IndexMap::new(),
        rivers: Vec::new(),
    })
}

/// Reads `air_exclusions.tsv`.
pub(super) fn read_air_exclusions(faults: &Faults<'_>) -> Exclusions {
    Exclusions::from_tsv(&faults.source.text).unwrap_or_else(|fault| {
        let at: usize = faults.source.text.split_inclusive('\n').take(fault.line - 1).map(str::len).sum();
        faults.add(&(at..at), fault.to_string(), None);
        Exclusions::default()
    })
}

#[derive(Deserialize)]
struct Collection<P> {
    features: Vec<Feature<P>>,
}

#[derive(Deserialize)]
struct Feature<P> {
    properties: P,
    geometry: Geometry,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Vec<Vec<Point>>),
    MultiPolygon(Vec<Vec<Vec<Point>>>),
    LineString(Vec<Point>),
    MultiLineString(Vec<Vec<Point>>),
}

#[derive(Deserialize)]
struct CellProperties {
    code: String,
    name: String,
    #[serde(default)]
    name_en: Option<String>,
    level: String,
    #[serde(default)]
    parent: Option<String>,
}

#[derive(Deserialize)]
struct RiverProperties {
    code: String,
    name: String,
    #[serde(default)]
    name_en: Option<String>,
}

fn collection<'f, P: Deserialize<'f>>(faults: &Faults<'f>) -> Vec<Feature<P>> {
    match serde_json::from_str::<Collection<P>>(&faults.source.text) {
        Ok(collection) => collection.features,
        Err(error) => {
            let line_start: usize =
                faults.source.text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
            let at = (line_start + error.column().saturating_sub(1)).min(faults.source.text.len());
            faults.add(&(at..at), format!("this is not the GeoJSON that is needed: {error}"), None);
            Vec::new()
        }
    }
}

/// A fault about a feature, shown where its code stands.
fn feature_fault(faults: &Faults<'_>, code: &str, message: String) {
    let at = faults.source.text.find(&format!("\"{code}\"")).map_or(0..0, |at| at + 1..at + 1 + code.len());
    faults.add(&at, message, None);
}

/// Reads `cells.geojson`.
pub(super) fn read_cells(faults: &Faults<'_>) -> IndexMap<String, GridCell> {
    let mut cells = IndexMap::new();
    for Feature { properties, geometry } in collection::<CellProperties>(faults) {
        let level = match properties.level.as_str() {
            "district" => CellLevel::District,
            "street" => CellLevel::Street,
            "community" => CellLevel::Community,
            "cell" => CellLevel::Cell,
            other => {
                let message = format!("“{other}” is no level; levels are district, street, community, cell");
                feature_fault(faults, &properties.code, message);
                continue;
            }
        };
        let polygons = match geometry {
            Geometry::Polygon(rings) => vec![rings],
            Geometry::MultiPolygon(polygons) => polygons,
            Geometry::LineString(_) | Geometry::MultiLineString(_) => {
                feature_fault(
                    faults,
                    &properties.code,
                    format!("the cell “{}” is a line, not an area", properties.code),
                );
                continue;
            }
        };
        let name = Label { en: properties.name_en.unwrap_or_else(|| properties.name.clone()), zh: properties.name };
        let code = properties.code;
        let parent = properties.parent.filter(|parent| !parent.is_empty());
        if cells.contains_key(&code) {
            feature_fault(faults, &code, format!("the code “{code}” stands twice"));
        }
        cells.insert(code.clone(), GridCell::new(code, name, level, parent, polygons));
    }
    for cell in cells.values() {
        let Some(parent) = &cell.parent else { continue };
        if !cells.contains_key(parent) {
            feature_fault(
                faults,
                &cell.code,
                format!("the cell above “{}”, “{parent}”, is not in the file", cell.code),
            );
        } else if !cell.code.starts_with(parent.as_str()) {
            feature_fault(
                faults,
                &cell.code,
                format!("the code “{}” does not begin with that of its parent “{parent}”", cell.code),
            );
        }
    }
    cells
}

/// Reads `rivers.geojson`.
pub(super) fn read_rivers(faults: &Faults<'_>) -> Vec<RiverLine> {
    let mut rivers = Vec::new();
    for Feature { properties, geometry } in collection::<RiverProperties>(faults) {
        let lines = match geometry {
            Geometry::LineString(line) => vec![line],
            Geometry::MultiLineString(lines) => lines,
            Geometry::Polygon(_) | Geometry::MultiPolygon(_) => {
                feature_fault(
                    faults,
                    &properties.code,
                    format!("the river “{}” is an area, not a line", properties.code),
                );
                continue;
            }
        };
        let name = Label { en: properties.name_en.unwrap_or_else(|| properties.name.clone()), zh: properties.name };
        rivers.push(RiverLine { code: properties.code, name, lines });
    }
    rivers
}
