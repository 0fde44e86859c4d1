//! One cell as a sheet writes it (ECMA-376 part 1, 18.3.1.4), and what is meant by it.

use std::io::Read;

use quick_xml::events::Event;
use serde_json::Value as Json;

use super::{
    super::{
        bounds::Bound,
        cell::{Cell, CellFault, Epoch},
        unreadable::{Spot, Unreadable},
    },
    strings::{SharedTexts, unescaped},
    styles::Styles,
    text::CellText,
    xml::Xml,
};

/// What the value of a cell is (18.18.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    SharedText,
    InlineText,
    /// Text that a formula gave.
    FormulaText,
    Day,
    YesOrNo,
    Error,
}

impl Kind {
    pub(super) fn of(attribute: Option<&str>) -> Self {
        match attribute {
            Some("s") => Self::SharedText,
            Some("inlineStr") => Self::InlineText,
            Some("str") => Self::FormulaText,
            Some("d") => Self::Day,
            Some("b") => Self::YesOrNo,
            Some("e") => Self::Error,
            _ => Self::Number,
        }
    }
}

/// A cell as the file writes it.
pub(super) struct Written {
    pub(super) kind: Kind,
    pub(super) style: usize,
    value: Option<String>,
    formula: Option<String>,
}

impl Written {
    /// A cell of which nothing but its attributes was read.
    pub(super) fn begun(kind: Kind, style: Option<&str>) -> Self {
        let style = style.and_then(|style| style.parse().ok()).unwrap_or(0);
        Self { kind, style, value: None, formula: None }
    }

    /// Reads to the end of the cell. `name` gives its name where it is too long.
    pub(super) fn read<R: Read>(&mut self, xml: &mut Xml<R>, name: impl Fn() -> String) -> Result<(), Unreadable> {
        let mut text = CellText::default();
        loop {
            let event = xml.next()?;
            if text.add(&event)?.is_err() {
                return Err(Unreadable::too_much(Spot::Cell(name()), Bound::CellCharacters));
            }
            match &event {
                Event::Start(element) if matches!(element.local_name().into_inner(), "v" | "f") => {
                    text.take();
                    text.open();
                }
                Event::End(element) => match element.local_name().into_inner() {
                    "v" => self.value = Some(text.take()),
                    "f" => self.formula = Some(text.take()),
                    "is" => self.value = Some(unescaped(&text.take()).into_owned()),
                    "c" => return Ok(()),
                    _ => {}
                },
                Event::Eof => return Err(Unreadable::workbook("a cell is cut off")),
                _ => {}
            }
        }
    }

    /// The cell that was meant; nothing if it is blank.
    pub(super) fn meant(self, of: &Meanings<'_>, name: impl Fn() -> String) -> Result<Option<Cell>, Unreadable> {
        let Self { kind, style, value, formula } = self;
        let is_text = kind == Kind::FormulaText;
        let value = match (value.filter(|value| is_text || !value.trim().is_empty()), formula) {
            (Some(value), _) => value,
            (None, Some(formula)) if !is_text => {
                let formula = format!("={}", formula.chars().take(60).collect::<String>());
                return Ok(Some(Cell::Faulty(CellFault::FormulaWithoutValue(formula))));
            }
            (None, _) => return Ok(None),
        };
        let given = |text: &str| (!text.trim().is_empty()).then(|| Cell::Given(Json::from(text)));
        let wrong = |what: &str| Unreadable::workbook(format!("cell {}: “{}” is no {what}", name(), shortened(&value)));
        match kind {
            Kind::SharedText => {
                let at = value.trim().parse().map_err(|_| wrong("number of a text"))?;
                Ok(given(of.texts.get(at).ok_or_else(|| wrong("text of the workbook"))?))
            }
            Kind::FormulaText => Ok(given(&unescaped(&value))),
            Kind::InlineText | Kind::Day => Ok(given(&value)),
            Kind::YesOrNo => Ok(Some(Cell::Given(Json::from(matches!(value.trim(), "1" | "true"))))),
            Kind::Error => Ok(Some(Cell::Faulty(CellFault::ErrorValue(shortened(&value))))),
            Kind::Number => {
                let number: f64 = value.trim().parse().map_err(|_| wrong("number"))?;
                if number.is_finite() { Ok(Some(of.number(number, style))) } else { Err(wrong("number")) }
            }
        }
    }
}

/// What the cells of a workbook refer to.
#[derive(Clone, Copy)]
pub(super) struct Meanings<'w> {
    pub(super) texts: &'w SharedTexts,
    pub(super) styles: &'w Styles,
    pub(super) epoch: Epoch,
}

impl Meanings<'_> {
    /// A number, or the moment that it shows by its style.
    fn number(&self, number: f64, style: usize) -> Cell {
        let moment = self.epoch.moment(number).filter(|_| self.styles.is_date(style));
        // A 5 typed into a cell for days shows as 1900-01-05.
        match moment.filter(|moment| !is_day_before(moment, 1920)) {
            Some(moment) => Cell::Moment(moment),
            None => Cell::Number { number, epoch: self.epoch, digits: self.styles.digits(style) },
        }
    }
}

/// Whether a moment is one of a day before a year.
pub(in super::super) fn is_day_before(moment: &str, year: i16) -> bool {
    moment.get(..4).and_then(|digits| digits.parse::<i16>().ok()).is_some_and(|found| found < year)
}

pub(super) fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
