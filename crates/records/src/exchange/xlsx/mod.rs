//! Excel workbooks (ECMA-376), read row by row with a bound on everything that takes memory.

mod hidden;
mod parts;
mod rows;
mod strings;
mod styles;
mod text;
mod written;
mod xml;

use std::io::{BufReader, Read, Seek};

use quick_xml::events::Event;

use self::{
    parts::Package,
    strings::SharedTexts,
    styles::Styles,
    written::Meanings,
    xml::{Xml, attributes},
};
pub(super) use self::{rows::SheetRows, written::is_day_before};
use super::{
    bounds::{self, Bound},
    cell::Epoch,
    unreadable::{Spot, Unreadable},
};

/// A workbook that was opened: its sheets, and what their cells refer to.
pub(super) struct Workbook<R> {
    package: Package<BufReader<R>>,
    pub(super) sheets: Vec<Sheet>,
    texts: SharedTexts,
    styles: Styles,
    epoch: Epoch,
}

/// A sheet as the workbook lists it.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    pub(super) name: String,
    /// Not shown by Excel.
    pub(super) hidden: bool,
    part: String,
}

impl<R: Read + Seek> Workbook<R> {
    pub(super) fn open(source: R) -> Result<Self, Unreadable> {
        let mut package = Package::open(BufReader::new(source))?;
        let main = relations(&mut package, "")?.into_iter().find(|relation| relation.kind == "officeDocument");
        let main = main.map_or_else(|| "xl/workbook.xml".to_owned(), |relation| relation.target);
        let relations = relations(&mut package, &main)?;
        let (sheets, epoch) = contents(&mut package, &main, &relations)?;
        let of_kind = |kind: &str| relations.iter().find(|relation| relation.kind == kind).map(|found| &found.target);
        let texts = match of_kind("sharedStrings").filter(|name| package.has(name)) {
            Some(name) => SharedTexts::read(package.part(name)?, name)?,
            None => SharedTexts::default(),
        };
        let styles = match of_kind("styles").filter(|name| package.has(name)) {
            Some(name) => Styles::read(package.part(name)?, name)?,
            None => Styles::default(),
        };
        Ok(Self { package, sheets, texts, styles, epoch })
    }

    /// The rows of a sheet from its beginning.
    pub(super) fn rows(&mut self, sheet: &Sheet) -> Result<SheetRows<'_, impl Read + use<'_, R>>, Unreadable> {
        let left = self.package.left();
        let part = self.package.part(&sheet.part)?;
        let meanings = Meanings { texts: &self.texts, styles: &self.styles, epoch: self.epoch };
        Ok(SheetRows::of(Xml::of(part, &sheet.part), meanings, left))
    }
}

/// What a part says of another.
struct Relation {
    id: String,
    /// Last word of its type.
    kind: String,
    /// Name of the part.
    target: String,
}

/// What a part refers to (ECMA-376 part 2, 8.2); nothing if it says nothing.
fn relations(package: &mut Package<impl Read + Seek>, of: &str) -> Result<Vec<Relation>, Unreadable> {
    let (folder, file) = of.rsplit_once('/').unwrap_or(("", of));
    let name = if folder.is_empty() { format!("_rels/{file}.rels") } else { format!("{folder}/_rels/{file}.rels") };
    if !package.has(&name) {
        return Ok(Vec::new());
    }
    let mut xml = Xml::of(package.part(&name)?, &name);
    let mut relations = Vec::new();
    loop {
        match xml.next()? {
            Event::Start(element) if element.local_name().into_inner() == "Relationship" => {
                let [id, kind, target] = attributes(&element, ["Id", "Type", "Target"])?;
                if let (Some(id), Some(kind), Some(target)) = (id, kind, target) {
                    let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
                    relations.push(Relation { id: id.into_owned(), kind, target: resolved(folder, &target) });
                }
                if relations.len() > bounds::PARTS {
                    return Err(Unreadable::too_much(Spot::Part(name), Bound::Parts));
                }
            }
            Event::Eof => return Ok(relations),
            _ => {}
        }
    }
}

/// A target as the name of a part: from the root, or beside the part that names it.
fn resolved(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut path: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "." | "" => {}
            ".." => {
                path.pop();
            }
            step => path.push(step),
        }
    }
    path.join("/")
}

/// The sheets of cells (there are also sheets of charts), and from when days are counted.
fn contents(
    package: &mut Package<impl Read + Seek>,
    main: &str,
    relations: &[Relation],
) -> Result<(Vec<Sheet>, Epoch), Unreadable> {
    let mut xml = Xml::of(package.part(main)?, main);
    let (mut sheets, mut listed, mut epoch) = (Vec::new(), 0, Epoch::Of1900);
    loop {
        match xml.next()? {
            Event::Start(element) => match element.local_name().into_inner() {
                "workbookPr" => {
                    let [of_1904] = attributes(&element, ["date1904"])?;
                    if matches!(of_1904.as_deref(), Some("1" | "true")) {
                        epoch = Epoch::Of1904;
                    }
                }
                "sheet" => {
                    // Counted whatever it holds: each is looked for among the parts.
                    listed += 1;
                    if listed > bounds::SHEETS {
                        return Err(Unreadable::too_much(Spot::File, Bound::Sheets));
                    }
                    let [name, state, id] = attributes(&element, ["name", "state", "id"])?;
                    let part = relations.iter().find(|relation| Some(relation.id.as_str()) == id.as_deref());
                    if let Some(part) = part.filter(|part| part.kind == "worksheet") {
                        let hidden = matches!(state.as_deref(), Some("hidden" | "veryHidden"));
                        let name = name.unwrap_or_default().into_owned();
                        sheets.push(Sheet { name, hidden, part: part.target.clone() });
                    }
                }
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
    }
    if sheets.is_empty() { Err(Unreadable::workbook("it has no sheet")) } else { Ok((sheets, epoch)) }
}
