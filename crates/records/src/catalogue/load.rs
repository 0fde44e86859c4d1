//! Reads all files, looks up what one file says about another, and gathers every fault.

use std::{collections::BTreeMap, path::Path};

use indexmap::IndexMap;

use super::{
    Catalogue, Diagnostics, District, FieldKind, Figure, Register, Report,
    diagnostic::Diagnostic,
    read_district, read_figure, read_register, read_report,
    reader::{Faults, diagnostic, instead},
    source::{Source, read_sources},
};
use crate::contract::{self, Contract};

/// Reads and checks every file below the folder of a bureau, and holds its registers against what the program relies on.
///
/// # Errors
/// Every fault in every file, with its place and what to write instead.
pub fn load(root: &Path) -> Result<Catalogue, Diagnostics> {
    match read_sources(root) {
        Ok(sources) if sources.is_empty() => {
            let nowhere = Source::new(&root.display().to_string(), "");
            let message = "there are no registers here".to_owned();
            let remedy = "name a folder with registers/, figures/, reports/ and districts/".to_owned();
            Err(Diagnostics::new(vec![diagnostic(&nowhere, &(0..0), message, Some(remedy))], &[]))
        }
        Ok(sources) => check_against(&sources, crate::views::CONTRACTS),
        Err((path, error)) => {
            let unreadable = Source::new(&path.display().to_string(), "");
            let message = format!("the file cannot be read: {error}");
            Err(Diagnostics::new(vec![diagnostic(&unreadable, &(0..0), message, None)], &[]))
        }
    }
}

/// Checks files that have been read already, whatever the program relies on.
///
/// # Errors
/// As [`load`].
pub fn check(sources: &[Source]) -> Result<Catalogue, Diagnostics> {
    check_against(sources, &[])
}

/// Checks files that have been read already, and holds their registers against what is relied on.
///
/// # Errors
/// As [`load`].
pub fn check_against(sources: &[Source], contracts: &[&Contract]) -> Result<Catalogue, Diagnostics> {
    let mut found = Vec::new();
    let within = |folder: &'static str, ending: &'static str| {
        sources.iter().filter(move |source| source.path.starts_with(folder) && source.path.ends_with(ending))
    };
    let registers = registers(within("registers/", ".toml"), &mut found);
    let held = contract::check(&registers, sources, contracts);
    found.extend(held.faults);
    let (figures, named) = figures(within("figures/", ".toml"), &registers, &mut found);
    let mut reports = IndexMap::new();
    for source in within("reports/", "/report.toml") {
        let faults = Faults::of(source);
        let report = read_report::read(&faults);
        found.extend(faults.into_list());
        let text_path = source.path.replace("/report.toml", "/text.zh.md");
        let Some(mut report) = report else { continue };
        match sources.iter().find(|source| source.path == text_path) {
            Some(text) => {
                let faults = Faults::of(text);
                report.blocks = read_report::read_text(&faults, &registers, &figures, &named);
                found.extend(faults.into_list());
            }
            None => {
                let message = "the report has no text".to_owned();
                found.push(diagnostic(source, &(0..0), message, Some(format!("write it into {text_path}"))));
            }
        }
        reports.insert(report.key.clone(), report);
    }
    let district = district(sources, &mut found);
    if found.is_empty() {
        Ok(Catalogue {
            registers,
            figures,
            reports: reports as IndexMap<String, Report>,
            district,
            without: held.without,
        })
    } else {
        Err(Diagnostics::new(found, sources).doing_without(held.without))
    }
}

fn registers<'s>(sources: impl Iterator<Item = &'s Source>, found: &mut Vec<Diagnostic>) -> IndexMap<String, Register> {
    let mut registers: IndexMap<String, Register> = IndexMap::new();
    let mut later = Vec::new();
    for source in sources {
        let faults = Faults::of(source);
        if let Some(draft) = read_register::read(&faults) {
            let key = draft.register.key.clone();
            if registers.contains_key(&key) {
                faults.add(
                    &draft.key.span,
                    format!("there is another register “{key}”"),
                    "give this one another key".to_owned(),
                );
            } else {
                let read_register::Draft { register, references, public_filter, placed_at, first_layer, .. } = draft;
                registers.insert(key.clone(), register);
                later.push((source, key, references, public_filter, placed_at, first_layer));
            }
        }
        found.extend(faults.into_list());
    }
    let mut first_layers: BTreeMap<u32, String> = BTreeMap::new();
    for (source, key, references, public_filter, placed_at, first_layer) in later {
        let faults = Faults::of(source);
        if let Some(place) = registers.get(&key).and_then(|register| register.map.first)
            && let Some(other) = first_layers.insert(place, key.clone())
        {
            let message = format!("“{other}” is the layer {place} of the map already");
            faults.add(&first_layer, message, "give each of the first layers a number of its own".to_owned());
        }
        if let Some(at) = placed_at
            && let Some(FieldKind::Reference { to }) = registers[&key].fields.get(&at.value).map(|field| &field.kind)
            && registers.get(to).is_some_and(|target| target.place.is_none())
        {
            let message = format!("“at” names “{}”, and the records of “{to}” have no place", at.value);
            faults.add(&at.span, message, "name a reference to a register with a place".to_owned());
        }
        for to in references.iter().filter(|to| !registers.contains_key(&to.value)) {
            let remedy = instead(&to.value, registers.keys().map(String::as_str));
            faults.add(&to.span, format!("there is no register “{}” to refer to", to.value), remedy);
        }
        if let (Some(filter), Some(register)) = (public_filter, registers.get(&key)) {
            read_figure::check_filter(&faults, &filter, register, None, &registers);
        }
        found.extend(faults.into_list());
    }
    registers
}

fn figures<'s>(
    sources: impl Iterator<Item = &'s Source>,
    registers: &IndexMap<String, Register>,
    found: &mut Vec<Diagnostic>,
) -> (IndexMap<String, Figure>, Vec<String>) {
    let mut drafts: IndexMap<String, (&Source, read_figure::Draft)> = IndexMap::new();
    for source in sources {
        let faults = Faults::of(source);
        for draft in read_figure::read(&faults, registers) {
            match drafts.get(&draft.key.value) {
                Some((first, other)) => {
                    let (line, _) = first.position(other.key.span.start);
                    let message = format!("the figure “{}” stands already at {}:{line}", draft.key.value, first.path);
                    faults.add(&draft.key.span, message, "give one of the two another key".to_owned());
                }
                None => _ = drafts.insert(draft.key.value.clone(), (source, draft)),
            }
        }
        found.extend(faults.into_list());
    }
    let mut screen: BTreeMap<u32, &str> = BTreeMap::new();
    for (key, (source, draft)) in &drafts {
        let place = draft.figure.as_ref().and_then(|figure| figure.screen);
        if let Some(other) = place.and_then(|place| screen.insert(place, key)) {
            let faults = Faults::of(source);
            let message = format!("“{other}” stands already at this place of the big screen");
            faults.add(&draft.screen, message, "give each figure of the screen a number of its own".to_owned());
            found.extend(faults.into_list());
        }
    }
    let parts: BTreeMap<&str, Vec<&str>> = drafts
        .iter()
        .map(|(key, (_, draft))| (key.as_str(), draft.parts.iter().map(|part| part.value.as_str()).collect()))
        .collect();
    for (key, (source, draft)) in &drafts {
        let faults = Faults::of(source);
        for part in draft.parts.iter().filter(|part| !drafts.contains_key(&part.value)) {
            let remedy = instead(&part.value, drafts.keys().map(String::as_str));
            faults.add(&part.span, format!("there is no figure “{}”", part.value), remedy);
        }
        if let Some(way) = cycle(key, &parts) {
            let message = format!("the figure is made of itself: {}", way.join(" → "));
            faults.add(&draft.key.span, message, "let one of them count records".to_owned());
        }
        found.extend(faults.into_list());
    }
    let named = drafts.keys().cloned().collect();
    let right = drafts.into_iter().filter_map(|(key, (_, draft))| Some((key, draft.figure?)));
    (right.collect(), named)
}

/// The way from a figure back to itself, if there is one.
fn cycle<'k>(start: &'k str, parts: &BTreeMap<&'k str, Vec<&'k str>>) -> Option<Vec<&'k str>> {
    fn walk<'k>(at: &'k str, start: &str, parts: &BTreeMap<&'k str, Vec<&'k str>>, way: &mut Vec<&'k str>) -> bool {
        way.push(at);
        for &next in parts.get(at).into_iter().flatten() {
            if next == start {
                way.push(next);
                return true;
            }
            if !way.contains(&next) && walk(next, start, parts, way) {
                return true;
            }
        }
        way.pop();
        false
    }
    let mut way = Vec::new();
    walk(start, start, parts, &mut way).then_some(way)
}

fn district(sources: &[Source], found: &mut Vec<Diagnostic>) -> District {
    let description =
        sources.iter().find(|source| source.path.starts_with("districts/") && source.path.ends_with("/district.toml"));
    let Some(description) = description else { return District::default() };
    let faults = Faults::of(description);
    let mut district = read_district::read(&faults).unwrap_or_default();
    found.extend(faults.into_list());
    let beside = |name: &str| {
        let path = description.path.replace("district.toml", name);
        sources.iter().find(|source| source.path == path)
    };
    match beside("cells.geojson") {
        Some(source) => {
            let faults = Faults::of(source);
            district.cells = read_district::read_cells(&faults);
            found.extend(faults.into_list());
        }
        None => {
            let message = "the district has no grid".to_owned();
            let remedy = "put its cells into cells.geojson beside this file".to_owned();
            found.push(diagnostic(description, &(0..0), message, Some(remedy)));
        }
    }
    if let Some(source) = beside("rivers.geojson") {
        let faults = Faults::of(source);
        district.rivers = read_district::read_rivers(&faults);
        found.extend(faults.into_list());
    }
    if let Some(source) = beside("air_exclusions.tsv") {
        let faults = Faults::of(source);
        district.air_exclusions = read_district::read_air_exclusions(&faults);
        found.extend(faults.into_list());
    }
    district
}
